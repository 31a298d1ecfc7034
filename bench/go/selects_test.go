package bench

import (
	"testing"
	"time"
)

func BenchmarkSelectUncontended(b *testing.B) {
	one, two := make(chan int, 1), make(chan int, 1)
	one <- 0
	firsts := 0
	for i := 0; i < b.N; i++ {
		select {
		case <-one:
			firsts++
			two <- i
		case <-two:
			one <- i
		}
	}
	check(b, firsts, up(b.N, 2))
}

func BenchmarkSelect4(b *testing.B) {
	var chans [4]chan int
	for i := range chans {
		chans[i] = make(chan int, 1)
	}
	a, c, d, e := chans[0], chans[1], chans[2], chans[3]
	wrong := 0
	for i := 0; i < b.N; i++ {
		chans[i&3] <- i
		index, value := 0, 0
		select {
		case value = <-a:
			index = 0
		case value = <-c:
			index = 1
		case value = <-d:
			index = 2
		case value = <-e:
			index = 3
		}
		if value != i || index != i&3 {
			wrong++
		}
	}
	check(b, wrong, 0)
}

// feed serves the channels in turn.
func feed(chans []chan int, n int) {
	for i := 0; i < n; i++ {
		chans[i%len(chans)] <- i
	}
}

func unbuffered(width int) []chan int {
	chans := make([]chan int, width)
	for i := range chans {
		chans[i] = make(chan int)
	}
	return chans
}

func BenchmarkSelectBlocking2(b *testing.B) {
	c := unbuffered(2)
	go feed(c, b.N)
	wrong := 0
	for i := 0; i < b.N; i++ {
		index, value := 0, 0
		select {
		case value = <-c[0]:
			index = 0
		case value = <-c[1]:
			index = 1
		}
		if value != i || index != i%2 {
			wrong++
		}
	}
	check(b, wrong, 0)
}

func BenchmarkSelectBlocking4(b *testing.B) {
	c := unbuffered(4)
	go feed(c, b.N)
	wrong := 0
	for i := 0; i < b.N; i++ {
		index, value := 0, 0
		select {
		case value = <-c[0]:
			index = 0
		case value = <-c[1]:
			index = 1
		case value = <-c[2]:
			index = 2
		case value = <-c[3]:
			index = 3
		}
		if value != i || index != i%4 {
			wrong++
		}
	}
	check(b, wrong, 0)
}

func BenchmarkSelectBlocking8(b *testing.B) {
	c := unbuffered(8)
	go feed(c, b.N)
	wrong := 0
	for i := 0; i < b.N; i++ {
		index, value := 0, 0
		select {
		case value = <-c[0]:
			index = 0
		case value = <-c[1]:
			index = 1
		case value = <-c[2]:
			index = 2
		case value = <-c[3]:
			index = 3
		case value = <-c[4]:
			index = 4
		case value = <-c[5]:
			index = 5
		case value = <-c[6]:
			index = 6
		case value = <-c[7]:
			index = 7
		}
		if value != i || index != i%8 {
			wrong++
		}
	}
	check(b, wrong, 0)
}

func BenchmarkAfterReady(b *testing.B) {
	ch := make(chan int, 1)
	wrong := 0
	for i := 0; i < b.N; i++ {
		ch <- i
		select {
		case v := <-ch:
			if v != i {
				wrong++
			}
		case <-time.After(time.Hour):
			wrong++
		}
	}
	check(b, wrong, 0)
}

func BenchmarkAfterBlocking(b *testing.B) {
	c := unbuffered(1)
	go feed(c, b.N)
	wrong := 0
	for i := 0; i < b.N; i++ {
		select {
		case v := <-c[0]:
			if v != i {
				wrong++
			}
		case <-time.After(time.Hour):
			wrong++
		}
	}
	check(b, wrong, 0)
}
