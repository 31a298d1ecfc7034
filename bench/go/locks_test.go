package bench

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

func BenchmarkMutexUncontended(b *testing.B) {
	var mu sync.Mutex
	count := 0
	for i := 0; i < b.N; i++ {
		mu.Lock()
		count++
		mu.Unlock()
	}
	check(b, count, b.N)
}

func BenchmarkMutexContended(b *testing.B) {
	var mu sync.Mutex
	var all sync.WaitGroup
	count, turns := 0, up(b.N, 4)
	for g := 0; g < 4; g++ {
		all.Go(func() {
			for i := 0; i < turns; i++ {
				mu.Lock()
				count++
				runtime.Gosched()
				mu.Unlock()
			}
		})
	}
	all.Wait()
	check(b, count, turns*4)
}

func BenchmarkWaitGroupAddDone(b *testing.B) {
	var all sync.WaitGroup
	for i := 0; i < b.N; i++ {
		all.Add(1)
		all.Done()
	}
	all.Wait()
}

func BenchmarkSpawnWait(b *testing.B) {
	var total atomic.Int64
	batches := up(b.N, 100)
	for batch := 0; batch < batches; batch++ {
		var all sync.WaitGroup
		for i := 0; i < 100; i++ {
			all.Go(func() { total.Add(int64(i)) })
		}
		all.Wait()
	}
	check(b, int(total.Load()), batches*4950)
}
