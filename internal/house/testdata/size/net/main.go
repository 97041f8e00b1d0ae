// Command net is a small program that dials and prints, without package connection.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
)

func main() {
	c, err := new(net.Dialer).DialContext(context.Background(), "tcp", os.Args[1])
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := c.Write([]byte(os.Args[2]))
	fmt.Println(n, err, c.Close())
}
