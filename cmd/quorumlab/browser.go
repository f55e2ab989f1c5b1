package main

import (
	"os"
	"os/exec"
	"runtime"
)

// showInBrowser opens the address in the user's browser where there is one and a display. It is a courtesy:
// the address is printed anyway, so nothing that goes wrong here is told.
func showInBrowser(address string) {
	name, args := opener()
	path, err := exec.LookPath(name)
	if err != nil {
		return
	}
	cmd := exec.Command(path, append(args, address)...)
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }()
	}
}

// opener is the system's command that opens an address; "" where nobody would see it.
func opener() (name string, args []string) {
	switch runtime.GOOS {
	case "darwin":
		return "open", nil
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return "", nil
	}
	return "xdg-open", nil
}
