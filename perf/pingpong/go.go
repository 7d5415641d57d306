// SPDX-License-Identifier: Apache-2.0
// go.go: pingpong on Go: two unbuffered channels, which are what wakes a goroutine in Go.
package main

func init() { workloads["pingpong"] = pingpong }

func pingpong(r request, out *result) {
	ping, pong := make(chan struct{}), make(chan struct{})
	returned := make(chan uint64, 1)
	go func() {
		count := uint64(0)
		for ; count < r.size; count++ {
			<-ping
			pong <- struct{}{}
		}
		returned <- count
	}()
	for i := uint64(0); i < r.size; i++ {
		ping <- struct{}{}
		<-pong
	}
	out.answer = <-returned
}
