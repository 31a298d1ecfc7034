package bench

import (
	"sync"
	"testing"
)

// check stops the benchmark unless the workload computed what it should.
func check(b *testing.B, got, wanted int) {
	b.Helper()
	if got != wanted {
		b.Fatalf("the workload computed %d, not %d", got, wanted)
	}
}

// up rounds n to a multiple of k; the reported time is then per operation really done.
func up(n, k int) int { return (n + k - 1) / k }

func BenchmarkChanUncontended(b *testing.B) {
	ch := make(chan int, 100)
	batches := up(b.N, 100)
	last := -1
	for batch := 0; batch < batches; batch++ {
		for i := 0; i < 100; i++ {
			ch <- i
		}
		for i := 0; i < 100; i++ {
			last = <-ch
		}
		if last != 99 {
			check(b, last, 99)
		}
	}
	check(b, len(ch), 0)
}

func BenchmarkChanSync(b *testing.B) {
	ch := make(chan int)
	totals := make(chan int, 2)
	turns := up(b.N, 2)
	go func() {
		total := 0
		for i := 0; i < turns; i++ {
			total += <-ch
			ch <- i
		}
		totals <- total
	}()
	go func() {
		total := 0
		for i := 0; i < turns; i++ {
			ch <- i
			total += <-ch
		}
		totals <- total
	}()
	check(b, <-totals, turns*(turns-1)/2)
	check(b, <-totals, turns*(turns-1)/2)
}

func prodCons(b *testing.B, capacity, pairs int) {
	ch := make(chan int, capacity)
	totals := make(chan int, pairs)
	share := up(b.N, pairs)
	var producers sync.WaitGroup
	for p := 0; p < pairs; p++ {
		go func() {
			total := 0
			for v := range ch {
				total += v
			}
			totals <- total
		}()
	}
	for p := 0; p < pairs; p++ {
		producers.Add(1)
		go func() {
			for i := 0; i < share; i++ {
				ch <- i
			}
			producers.Done()
		}()
	}
	producers.Wait()
	close(ch)
	total := 0
	for p := 0; p < pairs; p++ {
		total += <-totals
	}
	check(b, total, pairs*(share*(share-1)/2))
}

func BenchmarkChanProdCons0(b *testing.B)   { prodCons(b, 0, 1) }
func BenchmarkChanProdCons10(b *testing.B)  { prodCons(b, 10, 1) }
func BenchmarkChanProdCons100(b *testing.B) { prodCons(b, 100, 1) }
func BenchmarkChanMPMC4x4(b *testing.B)     { prodCons(b, 128, 4) }
