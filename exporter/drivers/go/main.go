// The driver of the Breez SDK's Go binding: does what the exporter tells it over the driver protocol.
package main

import (
	"encoding/json"
	"log"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
)

const (
	heapEvery  = time.Second
	stopWithin = 10 * time.Second
	sdkModule  = "github.com/breez/breez-sdk-spark-go"
)

func main() {
	log.SetOutput(os.Stderr)
	log.SetFlags(0)
	out := &emitter{out: takeOverStdout()}
	stop := make(chan struct{})
	var once sync.Once
	end := func() { once.Do(func() { close(stop) }) }

	// The SDK's threads are none of Go's: a connection that its other end has closed would end the process.
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() { <-signals; end() }()

	ready := make(chan *driver, 1)
	go func() {
		defer end()
		serve(out, ready, end)
	}()
	<-stop
	time.AfterFunc(stopWithin, func() { os.Exit(1) })
	select {
	case driver := <-ready:
		driver.close()
		out.emit("bye", fields{"reason": "stopped", "message": ""})
	default:
		os.Exit(2)
	}
}

// serve reads the configuration and then commands, until the input ends or `stop` comes.
func serve(out *emitter, ready chan<- *driver, end func()) {
	var made *driver
	lines(os.Stdin, func(line []byte) bool {
		if made == nil {
			var given config
			if err := json.Unmarshal(line, &given); err != nil || given.Protocol != protocolVersion {
				out.emit("bye", fields{"reason": "error", "message": "want a configuration of protocol 1"})
				return false
			}
			made = newDriver(given, out)
			out.emit("hello", hello())
			ready <- made
			out.emit("heap", readHeaps())
			go reportHeaps(out)
			return true
		}
		var asked command
		if err := json.Unmarshal(line, &asked); err != nil {
			log.Printf("a line that is no command: %v", err)
			return true
		}
		if asked.Do == "stop" {
			return false
		}
		go made.answer(asked)
		return true
	})
}

func hello() fields {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == sdkModule {
				version = module.Version[1:]
			}
		}
	}
	return fields{
		"protocol": protocolVersion, "driver": "breez-go", "sdk": "breez-sdk-spark-go", "sdk_version": version,
		"language": "go", "pid": os.Getpid(),
	}
}

func reportHeaps(out *emitter) {
	for {
		time.Sleep(heapEvery)
		out.emit("heap", readHeaps())
	}
}

// answer does one command and says how it went.
func (d *driver) answer(asked command) {
	began := time.Now()
	result, err := d.do(asked)
	done := fields{"id": asked.ID, "ok": err == nil, "seconds": time.Since(began).Seconds()}
	if err != nil {
		kind, text := errorKind(err), err.Error()
		done["kind"], done["error"] = kind, text
	}
	for name, value := range result {
		done[name] = value
	}
	d.out.emit("done", done)
}

func (d *driver) do(asked command) (fields, error) {
	switch asked.Do {
	case "measure":
		return readHeaps(), nil
	case "collect_garbage":
		runtime.GC()
		debug.FreeOSMemory()
		return nil, nil
	case "trim":
		return fields{"released": trim()}, nil
	}
	if handler, ok := d.commands[asked.Do]; ok {
		return handler(asked)
	}
	return nil, refusal{"unknown_command", "this driver has no command " + asked.Do}
}

// takeOverStdout keeps the standard output for messages: what the SDK prints there goes to the standard error.
func takeOverStdout() *os.File {
	kept, err := syscall.Dup(1)
	if err == nil {
		err = syscall.Dup2(2, 1)
	}
	if err != nil {
		log.Fatalf("the standard output can't be kept: %v", err)
	}
	syscall.CloseOnExec(kept)
	return os.NewFile(uintptr(kept), "messages")
}
