// Makes a handler of files, as for a request that is served from a folder of its own: what cleans its cache went on.
package main

import (
	"os"

	"field/steady"
	"github.com/valyala/fasthttp"
)

func main() {
	folder := os.TempDir()
	steady.Run(func() {
		files := &fasthttp.FS{Root: folder, SkipCache: false}
		files.NewRequestHandler()
	})
}
