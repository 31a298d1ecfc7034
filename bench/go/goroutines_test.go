package bench

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func startNext(n int, done chan int) {
	if n > 0 {
		go startNext(n-1, done)
	} else {
		done <- 1
	}
}

func BenchmarkCreateGoroutines(b *testing.B) {
	done := make(chan int)
	go startNext(b.N-1, done)
	check(b, <-done, 1)
}

func BenchmarkSpawnJoin(b *testing.B) {
	var total atomic.Int64
	var all sync.WaitGroup
	batches := up(b.N, 100)
	for batch := 0; batch < batches; batch++ {
		all.Add(100)
		for i := 0; i < 100; i++ {
			go func() {
				total.Add(int64(i))
				all.Done()
			}()
		}
		all.Wait()
	}
	check(b, int(total.Load()), batches*4950)
}

func pingPong(b *testing.B) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for i := 0; i < b.N; i++ {
			pong <- <-ping + 1
		}
	}()
	value := 0
	for i := 0; i < b.N; i++ {
		ping <- value
		value = <-pong
	}
	check(b, value, b.N)
}

func BenchmarkPingPong(b *testing.B) { pingPong(b) }

// The hog never gives way: Go interrupts it, and the pair, after 10 ms or more. In a short run it may not get its turn.
func BenchmarkPingPongHog(b *testing.B) {
	stop, done := make(chan bool), make(chan int)
	go func() {
		for {
			select {
			case <-stop:
				done <- 1
				return
			default:
			}
		}
	}()
	pingPong(b)
	close(stop)
	<-done
}

func BenchmarkTokenRing(b *testing.B) {
	links := unbuffered(100)
	rounds := up(b.N, 100)
	for i := 0; i < 99; i++ {
		go func() {
			for r := 0; r < rounds; r++ {
				links[i+1] <- <-links[i] + 1
			}
		}()
	}
	token := 0
	for r := 0; r < rounds; r++ {
		links[0] <- token + 1
		token = <-links[99]
	}
	check(b, token, rounds*100)
}

func BenchmarkGosched(b *testing.B) {
	turns := up(b.N, 2)
	done := make(chan int)
	for g := 0; g < 2; g++ {
		go func() {
			for i := 0; i < turns; i++ {
				runtime.Gosched()
			}
			done <- turns
		}()
	}
	check(b, <-done+<-done, turns*2)
}

func BenchmarkCloseWake1000(b *testing.B) {
	var woken atomic.Int64
	var all sync.WaitGroup
	for n := 0; n < b.N; n++ {
		ch := make(chan int)
		var started atomic.Int64
		allStarted := make(chan int, 1)
		all.Add(1000)
		for i := 0; i < 1000; i++ {
			go func() {
				if started.Add(1) == 1000 {
					allStarted <- 1
				}
				if _, ok := <-ch; !ok {
					woken.Add(1)
				}
				all.Done()
			}()
		}
		<-allStarted
		close(ch)
		all.Wait()
	}
	check(b, int(woken.Load()), b.N*1000)
}

func BenchmarkSleep1000(b *testing.B) {
	var woken atomic.Int64
	var all sync.WaitGroup
	for n := 0; n < b.N; n++ {
		all.Add(1000)
		for i := 0; i < 1000; i++ {
			go func() {
				time.Sleep(time.Nanosecond)
				woken.Add(1)
				all.Done()
			}()
		}
		all.Wait()
	}
	check(b, int(woken.Load()), b.N*1000)
}

func resident(b *testing.B) int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip("no /proc here")
	}
	pages, _ := strconv.Atoi(strings.Fields(string(text))[1])
	return pages * os.Getpagesize()
}

// BenchmarkMemory parks b.N goroutines and reports bytes of resident memory for each.
func BenchmarkMemory(b *testing.B) {
	ch := make(chan int)
	var all sync.WaitGroup
	runtime.GC()
	before := resident(b)
	var started atomic.Int64
	allStarted := make(chan int, 1)
	all.Add(b.N)
	for i := 0; i < b.N; i++ {
		go func() {
			if started.Add(1) == int64(b.N) {
				allStarted <- 1
			}
			<-ch
			all.Done()
		}()
	}
	<-allStarted
	used := resident(b) - before
	close(ch)
	all.Wait()
	b.ReportMetric(float64(used)/float64(b.N), "B/goroutine")
}
