package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"time"
)

// With runtime/pprof in the program, allocations are sampled from the start: a run that asks for no profile pays nothing.
func init() { runtime.MemProfileRate = 0 }

// recordAllocations records every allocation from now on: of a heap this small, samples would tell little.
func recordAllocations() { runtime.MemProfileRate = 1 }

// offerProfiles has profiles ready.
func (d *driver) offerProfiles() {
	recordAllocations()
	d.commands["profile"] = d.profile
}

// offerHeapDumps has heap dumps ready, of which the last goes to `last`.
func (d *driver) offerHeapDumps(last string) {
	recordAllocations()
	d.commands["heap_dump"] = func(asked command) (fields, error) { return nil, dumpHeap(asked.Path) }
	d.commands["end_heap_dump"] = func(command) (fields, error) { return nil, dumpHeap(last) }
}

func dumpHeap(path string) error {
	return writeFile(path, func(file *os.File) error {
		// A heap profile is as of the last collection.
		runtime.GC()
		return pprof.WriteHeapProfile(file)
	})
}

// writeFile makes a file of what `write` puts into it.
func writeFile(path string, write func(*os.File) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

// profile writes to a file what Go's heap holds, what its goroutines do, or what the CPU is spent on for so many seconds.
func (d *driver) profile(asked command) (fields, error) {
	switch asked.Kind {
	case "heap":
		return nil, dumpHeap(asked.Path)
	case "goroutine":
		return nil, writeFile(asked.Path, func(file *os.File) error { return pprof.Lookup("goroutine").WriteTo(file, 0) })
	case "cpu":
		return nil, writeFile(asked.Path, func(file *os.File) error {
			if err := pprof.StartCPUProfile(file); err != nil {
				return err
			}
			time.Sleep(time.Duration(asked.Seconds * float64(time.Second)))
			pprof.StopCPUProfile()
			return nil
		})
	}
	return nil, refusal{"profile_error", fmt.Sprintf("there is no profile of kind %q", asked.Kind)}
}
