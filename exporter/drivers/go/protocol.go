package main

import (
	"bufio"
	"encoding/json"
	"io"
	"log"
	"os"
	"sync"
)

// The driver protocol, version 1: docs/driver-protocol.md. Field order is wire order.

const (
	protocolVersion = 1
	maxLineBytes    = 1 << 20
)

type config struct {
	Protocol    int               `json:"protocol"`
	Network     network           `json:"network"`
	StorageDir  string            `json:"storage_dir"`
	Wallets     map[string]string `json:"wallets"`
	PreferSpark *bool             `json:"prefer_spark"`
	Options     struct {
		TracedFrames int    `json:"traced_frames"`
		HeapDump     string `json:"heap_dump"`
	} `json:"options"`
}

type network struct {
	Network               string     `json:"network"`
	CoordinatorIdentifier string     `json:"coordinator_identifier"`
	Threshold             uint32     `json:"threshold"`
	Operators             []operator `json:"operators"`
	CACertPEM             *string    `json:"ca_cert_pem"`
	SSP                   struct {
		BaseURL           string `json:"base_url"`
		SchemaEndpoint    string `json:"schema_endpoint"`
		IdentityPublicKey string `json:"identity_public_key"`
	} `json:"ssp"`
	Chain *struct {
		URL string `json:"url"`
		API string `json:"api"`
	} `json:"chain"`
}

type operator struct {
	ID                uint32 `json:"id"`
	Identifier        string `json:"identifier"`
	Address           string `json:"address"`
	IdentityPublicKey string `json:"identity_public_key"`
}

type command struct {
	ID             int64   `json:"id"`
	Do             string  `json:"do"`
	Instance       string  `json:"instance"`
	Wallet         string  `json:"wallet"`
	OptimizeLeaves *bool   `json:"optimize_leaves"`
	Server         bool    `json:"server"`
	Shared         bool    `json:"shared"`
	KeepListeners  bool    `json:"keep_listeners"`
	Count          int     `json:"count"`
	From           string  `json:"from"`
	To             string  `json:"to"`
	Rail           string  `json:"rail"`
	AmountSats     uint64  `json:"amount_sats"`
	Request        string  `json:"request"`
	WaitSeconds    *uint32 `json:"wait_seconds"`
	ExpirySeconds  uint32  `json:"expiry_seconds"`
	Description    string  `json:"description"`
	Limit          uint32  `json:"limit"`
	Destroy        bool    `json:"destroy"`
	Kind           string  `json:"kind"`
	Path           string  `json:"path"`
	Seconds        float64 `json:"seconds"`
}

// fields are a message's fields; `type` is added on the way out.
type fields map[string]any

// refusal says why a command could not be done; kind names it in snake case.
type refusal struct{ kind, text string }

func (r refusal) Error() string { return r.text }

// emitter writes messages, one line each, from any goroutine; nothing follows a `bye`.
type emitter struct {
	mutex sync.Mutex
	out   io.Writer
	over  bool
}

func (e *emitter) emit(kind string, message fields) {
	message["type"] = kind
	line, err := json.Marshal(message)
	if err != nil {
		log.Printf("a message that is no JSON: %v", err)
		return
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.over {
		return
	}
	e.over = kind == "bye"
	if _, err := e.out.Write(append(line, '\n')); err != nil {
		os.Exit(1) // the exporter is gone
	}
}

// lines yields the lines of the input; one that is too long is dropped.
func lines(in io.Reader, yield func([]byte) bool) {
	reader := bufio.NewReaderSize(in, maxLineBytes)
	for {
		line, tooLong, err := reader.ReadLine()
		for tooLong && err == nil {
			line = nil
			_, tooLong, err = reader.ReadLine()
		}
		if err != nil {
			return
		}
		if len(line) > 0 && !yield(line) {
			return
		}
	}
}
