package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"time"
)

// With runtime/pprof in the program, allocations are sampled from the start: a run that asks for no profile pays nothing.
func init() { runtime.MemProfileRate = 0 }

// offerProfiles records every allocation from now on: of a heap this small, samples would tell little.
func (d *driver) offerProfiles() {
	runtime.MemProfileRate = 1
	d.commands["profile"] = d.profile
}

// profile writes to a file what Go's heap holds, or what the CPU is spent on for so many seconds.
func (d *driver) profile(asked command) (fields, error) {
	file, err := os.Create(asked.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	switch asked.Kind {
	case "heap":
		// A heap profile is as of the last collection.
		runtime.GC()
		return nil, pprof.WriteHeapProfile(file)
	case "cpu":
		if err := pprof.StartCPUProfile(file); err != nil {
			return nil, err
		}
		time.Sleep(time.Duration(asked.Seconds * float64(time.Second)))
		pprof.StopCPUProfile()
		return nil, nil
	}
	return nil, refusal{"profile_error", fmt.Sprintf("there is no profile of kind %q", asked.Kind)}
}
