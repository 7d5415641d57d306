// SPDX-License-Identifier: Apache-2.0
// go.go: yield on Go: runtime.Gosched.
package main

import "runtime"

func init() { workloads["yield"] = yield }

func yield(r request, out *result) {
	const tasks = 1000
	results := make(chan uint64, tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			done := uint64(0)
			for ; done < r.size/tasks; done++ {
				runtime.Gosched()
			}
			results <- done
		}()
	}
	for i := 0; i < tasks; i++ {
		out.answer += <-results
	}
}
