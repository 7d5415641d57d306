// SPDX-License-Identifier: Apache-2.0
// go.go: sleep100k on Go.
package main

import (
	"sync"
	"time"
)

func init() {
	workloads["sleep100k"] = func(r request, out *result) {
		lengths := newSleepLengths()
		sleepers(r.size, lengths.next, out)
	}
}

// Starts as many goroutines as are asked for, each sleeping a length of its own, and waits for all.
func sleepers(count uint64, next func() time.Duration, out *result) {
	out.lateMs = make([]float32, count)
	var all sync.WaitGroup
	all.Add(int(count))
	for i := range out.lateMs {
		go func(late *float32, length time.Duration) {
			due := time.Now().Add(length)
			time.Sleep(length)
			*late = lateMs(due)
			all.Done()
		}(&out.lateMs[i], next())
	}
	all.Wait()
	out.answer = uint64(len(out.lateMs))
}
