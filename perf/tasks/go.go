// SPDX-License-Identifier: Apache-2.0
// go.go: tasks10k and tasks1m on Go.
package main

import "time"

func init() {
	workloads["tasks10k"] = tasks
	workloads["tasks1m"] = tasks
}

func tasks(r request, out *result) {
	sleepers(r.size, func() time.Duration { return 10 * time.Millisecond }, out)
}
