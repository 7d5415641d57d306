// SPDX-License-Identifier: Apache-2.0
// go.go: spawn on Go: goroutines that leave their result in a slice, awaited by a WaitGroup.
package main

import "sync"

func init() { workloads["spawn"] = spawn }

func spawn(r request, out *result) {
	results := make([]uint64, r.size)
	var all sync.WaitGroup
	all.Add(int(r.size))
	for i := uint64(0); i < r.size; i++ {
		go func(i uint64) {
			results[i] = i
			all.Done()
		}(i)
	}
	all.Wait()
	for _, value := range results {
		out.answer += value
	}
}
