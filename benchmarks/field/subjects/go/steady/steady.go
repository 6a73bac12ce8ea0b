// Package steady is what every Go subject shares: one operation, again and again, at a steady pace.
//
//	SUBJECT -per-second 50       prints `operations N` once a second, until it is ended
//	SUBJECT -direct 20000        prints what an operation leaves behind, as JSON, and ends
//
// With -pprof HOST:PORT it serves its profiles there.
//
// The direct loop runs at full speed. It takes the heap and the counts after a tenth of the operations and after all of
// them, each time with garbage collected.
package steady

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// Run does the operation as the command line asks for it; at most once per slot of time, never catching up.
func Run(operation func()) {
	perSecond := flag.Float64("per-second", 50, "operations a second")
	direct := flag.Int("direct", 0, "operations at full speed")
	address := flag.String("pprof", "", "where to serve profiles")
	flag.Parse()
	if *address != "" {
		go func() { panic(http.ListenAndServe(*address, nil)) }()
	}
	if *direct > 0 {
		json.NewEncoder(os.Stdout).Encode(leftPerOperation(operation, *direct))
		return
	}
	pace(operation, time.Duration(float64(time.Second) / *perSecond))
}

func leftPerOperation(operation func(), operations int) map[string]float64 {
	first := operations / 10
	for range first {
		operation()
	}
	before := held()
	for range operations - first {
		operation()
	}
	after := held()
	runtime.KeepAlive(operation) // and with it what it holds
	left := map[string]float64{}
	for name := range after {
		left[name] = (after[name] - before[name]) / float64(operations-first)
	}
	return left
}

func held() map[string]float64 {
	time.Sleep(time.Second) // goroutines that were told to end do so
	debug.FreeOSMemory()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	descriptors, _ := os.ReadDir("/proc/self/fd")
	return map[string]float64{
		"bytes":      float64(memory.HeapAlloc + memory.StackInuse),
		"goroutines": float64(runtime.NumGoroutine()),
		"open_fds":   float64(len(descriptors)),
	}
}

func pace(operation func(), slot time.Duration) {
	done, told, due := 0, time.Now(), time.Now()
	for {
		operation()
		done++
		now := time.Now()
		if now.Sub(told) >= time.Second {
			fmt.Println("operations", done)
			told = now
		}
		if due = due.Add(slot); due.Before(now) {
			due = now
		}
		time.Sleep(time.Until(due))
	}
}
