// Holds a ballast that sets how rarely it collects, and lends buffers from a sync.Pool that collections empty.
package main

import (
	"bytes"
	"math/rand"
	"runtime"
	"sync"

	"field/steady"
)

func main() {
	ballast := make([]byte, 64<<20) // never written to: not resident
	pool := sync.Pool{New: func() any { return new(bytes.Buffer) }}
	random := rand.New(rand.NewSource(1))
	block := make([]byte, 60_000)
	steady.Run(func() {
		lent := make([]*bytes.Buffer, 1+random.Intn(8))
		for place := range lent {
			lent[place] = pool.Get().(*bytes.Buffer)
			lent[place].Reset()
			lent[place].Write(block[:1000+random.Intn(59_000)])
		}
		for _, buffer := range lent {
			pool.Put(buffer)
		}
	})
	runtime.KeepAlive(ballast)
}
