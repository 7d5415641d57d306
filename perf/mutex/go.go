// SPDX-License-Identifier: Apache-2.0
// go.go: mutex on Go: sync.Mutex.
package main

import "sync"

func init() { workloads["mutex"] = mutex }

func mutex(r request, out *result) {
	const tasks = 1000
	var guard sync.Mutex
	var all sync.WaitGroup
	all.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			for j := uint64(0); j < r.size/tasks; j++ {
				guard.Lock()
				out.answer++
				guard.Unlock()
			}
			all.Done()
		}()
	}
	all.Wait()
}
