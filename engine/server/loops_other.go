//go:build !linux

package server

import (
	"errors"
	"net"
)

// haveLoops says whether this system has event loops.
const haveLoops = false

func newLoops(*Server, int) (front, error) {
	return nil, errors.New("server: there are no event loops on this system")
}

// setBacklog leaves the queue as package net has made it.
func setBacklog(net.Listener, int) {}
