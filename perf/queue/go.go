// SPDX-License-Identifier: Apache-2.0
// go.go: queue and queue44 on Go: a buffered channel.
package main

func init() {
	workloads["queue"] = func(r request, out *result) { queue(r, out, 1) }
	workloads["queue44"] = func(r request, out *result) { queue(r, out, 4) }
}

func queue(r request, out *result, pairs uint64) {
	channel := make(chan uint64, 1000)
	sums := make(chan uint64, pairs)
	each := r.size / pairs
	for p := uint64(0); p < pairs; p++ {
		go func(first uint64) {
			for i := first; i < first+each; i++ {
				channel <- i
			}
		}(p * each)
		go func() {
			sum := uint64(0)
			for i := uint64(0); i < each; i++ {
				sum += <-channel
			}
			sums <- sum
		}()
	}
	for p := uint64(0); p < pairs; p++ {
		out.answer += <-sums
	}
}
