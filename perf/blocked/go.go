// SPDX-License-Identifier: Apache-2.0
// go.go: blocked on Go: sleepers, while a goroutine computes for a second. The runtime interrupts it.
package main

import "time"

func init() {
	workloads["blocked"] = func(r request, out *result) {
		done := make(chan bool)
		go func() {
			time.Sleep(time.Millisecond)
			for begin := time.Now(); time.Since(begin) < time.Second; {
			}
			done <- true
		}()
		lengths := newSleepLengths()
		sleepers(r.size, lengths.next, out)
		<-done
	}
}
