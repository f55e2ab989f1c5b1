//go:build js && wasm

// Command wasm is the page's program. static/app.js starts it.
package main

import "github.com/quorumlab/quorumlab/wasm/browser"

func main() { browser.Run() }
