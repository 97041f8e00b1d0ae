//go:build !tls

package main

import (
	"context"
	"net"
)

// open is nil: lines are plain TCP.
var open func(ctx context.Context, network, address string) (net.Conn, error)
