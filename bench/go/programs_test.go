package bench

import "testing"

func generate(out chan<- int) {
	for n := 2; ; n++ {
		out <- n
	}
}

func dropMultiples(numbers <-chan int, out chan<- int, prime int) {
	for {
		n := <-numbers
		if n%prime != 0 {
			out <- n
		}
	}
}

// The filters of each round stay parked for ever, as in Go's own test/chan/sieve1.go.
func BenchmarkPrimeSieve500(b *testing.B) {
	for n := 0; n < b.N; n++ {
		numbers := make(chan int)
		go generate(numbers)
		prime := 0
		for i := 0; i < 500; i++ {
			prime = <-numbers
			others := make(chan int)
			go dropMultiples(numbers, others, prime)
			numbers = others
		}
		check(b, prime, 3571)
	}
}

const leaves = 100_000

func skynet(out chan<- int, number, size int) {
	if size == 1 {
		out <- number
		return
	}
	children := make(chan int)
	size /= 10
	for i := 0; i < 10; i++ {
		go skynet(children, number+i*size, size)
	}
	total := 0
	for i := 0; i < 10; i++ {
		total += <-children
	}
	out <- total
}

func BenchmarkSkynet100k(b *testing.B) {
	for n := 0; n < b.N; n++ {
		out := make(chan int)
		go skynet(out, 0, leaves)
		check(b, <-out, leaves*(leaves-1)/2)
	}
}
