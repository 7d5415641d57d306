// SPDX-License-Identifier: Apache-2.0
// go.go: main() of the Go program: reads the request, runs it, prints one line of JSON.
//
// The workloads are the files <workload>/go.go; CMake copies them beside this one, because Go wants the files of
// a package in one folder.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// What the harness asks for.
type request struct {
	workers     int
	size        uint64
	connections int
}

// What a workload answers.
type result struct {
	wallMs, cpuMs float64
	answer        uint64
	lateMs        []float32
}

// The workloads announce themselves here from their init functions.
var workloads = map[string]func(request, *result){"idle": idle}

// Nothing but a started scheduler: each processor has run a goroutine.
func idle(r request, _ *result) {
	done := make(chan bool)
	for i := 0; i < r.workers; i++ {
		go func() {
			time.Sleep(30 * time.Millisecond)
			done <- true
		}()
	}
	for i := 0; i < r.workers; i++ {
		<-done
	}
}

// The lengths of runtimes/workload.hpp.
type sleepLengths struct{ state uint64 }

func newSleepLengths() sleepLengths { return sleepLengths{42} }

func (l *sleepLengths) next() time.Duration {
	l.state = l.state*6364136223846793005 + 1442695040888963407
	return time.Duration(10_000+(l.state>>33)%990_001) * time.Microsecond
}

// How late now is, in milliseconds.
func lateMs(due time.Time) float32 { return float32(time.Since(due).Seconds() * 1e3) }

// CPU time of all threads of this process.
func processCPU() time.Duration {
	const clockProcessCPUTime = 2
	var used syscall.Timespec
	_, _, err := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockProcessCPUTime, uintptr(unsafe.Pointer(&used)), 0)
	if err != 0 {
		fail("clock_gettime: " + err.Error())
	}
	return time.Duration(used.Nano())
}

func peakRssKib() uint64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fail(err.Error())
	}
	for _, line := range strings.Split(string(status), "\n") {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "VmHWM:" {
			return parse("VmHWM", words[1])
		}
	}
	fail("/proc/self/status has no VmHWM line, so the peak memory is not known")
	return 0
}

func lateness(late []float32) string {
	if len(late) == 0 {
		return ""
	}
	sort.Slice(late, func(i, j int) bool { return late[i] < late[j] })
	quantile := func(q float64) float32 { return late[int(q*float64(len(late)-1))] }
	return fmt.Sprintf(`"late_ms_p50": %.4f, "late_ms_p99": %.4f, "late_ms_max": %.4f`,
		quantile(0.5), quantile(0.99), late[len(late)-1])
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, "skein-perf-go:", text)
	os.Exit(1)
}

func parse(what, text string) uint64 {
	value, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		fail(what + " " + text + ": a whole number is needed")
	}
	return value
}

func parseRequest(arguments []string) request {
	r := request{workers: 1, connections: 50}
	for i := 0; i < len(arguments); i += 2 {
		if i+1 == len(arguments) {
			fail(arguments[i] + ": its value is missing")
		}
		value := parse(arguments[i], arguments[i+1])
		switch arguments[i] {
		case "--workers":
			r.workers = int(value)
		case "--size":
			r.size = value
		case "--connections":
			r.connections = int(value)
		default:
			fail(arguments[i] + ": unknown option; there are --workers, --size, --connections")
		}
	}
	return r
}

func main() {
	if len(os.Args) < 2 {
		fail("usage: PROGRAM list | SCENARIO [--workers N] [--size S] [--connections C]")
	}
	if os.Args[1] == "list" {
		fmt.Println("version", strings.TrimPrefix(runtime.Version(), "go"))
		for name := range workloads {
			fmt.Println(name)
		}
		return
	}
	run, known := workloads[os.Args[1]]
	if !known {
		fail("unknown scenario \"" + os.Args[1] + "\"; `list` prints what there is")
	}
	r := parseRequest(os.Args[2:])
	runtime.GOMAXPROCS(r.workers)
	var out result
	cpu, wall := processCPU(), time.Now()
	run(r, &out)
	out.wallMs = time.Since(wall).Seconds() * 1e3
	out.cpuMs = (processCPU() - cpu).Seconds() * 1e3
	rss := peakRssKib() // before the percentiles touch more memory
	fmt.Printf("{\"wall_ms\": %.6f, \"cpu_ms\": %.6f, \"answer\": %d, \"rss_kib\": %d, \"metrics\": {%s}}\n",
		out.wallMs, out.cpuMs, out.answer, rss, lateness(out.lateMs))
}
