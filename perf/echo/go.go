// SPDX-License-Identifier: Apache-2.0
// go.go: echo on Go: a goroutine for each connection; ends when all clients have left.
package main

import (
	"fmt"
	"net"
)

func init() { workloads["echo"] = echo }

func echo(r request, out *result) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fail(err.Error())
	}
	fmt.Printf("{\"port\": %d}\n", listener.Addr().(*net.TCPAddr).Port)
	sent := make(chan uint64)
	for i := 0; i < r.connections; i++ {
		connection, err := listener.Accept()
		if err != nil {
			fail(err.Error())
		}
		go func() { sent <- serve(connection) }()
	}
	for i := 0; i < r.connections; i++ {
		out.answer += <-sent
	}
	listener.Close()
}

// Returns the number of bytes sent back.
func serve(connection net.Conn) uint64 {
	defer connection.Close()
	buffer := make([]byte, 4096)
	bytes := uint64(0)
	for {
		n, err := connection.Read(buffer)
		if n > 0 {
			if _, err := connection.Write(buffer[:n]); err != nil {
				fail(err.Error())
			}
			bytes += uint64(n)
		}
		if err != nil {
			return bytes // the client has left
		}
	}
}
