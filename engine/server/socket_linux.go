package server

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The sockets of a loop do not block: a call returns at once, with what there
// is. So the scheduler is not told about it, as package unix would: that takes a
// tenth of the time of a short command, and has the runtime's monitor look after
// a processor that is never gone.

// readNow is recv(2), which is a shorter way to a socket than read(2).
func readNow(fd int, b []byte) (int, unix.Errno) { return transfer(unix.SYS_RECVFROM, fd, b, 0) }

// writeNow is send(2).
func writeNow(fd int, b []byte) (int, unix.Errno) {
	return transfer(unix.SYS_SENDTO, fd, b, unix.MSG_NOSIGNAL)
}

func transfer(call uintptr, fd int, b []byte, flags uintptr) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), flags, 0, 0)
	return int(n), errno
}

// epollNow is epoll_wait(2) that does not wait.
func epollNow(epoll int, events []unix.EpollEvent) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	return int(n), errno
}

// epollBriefly is epoll_wait(2) for at most so many nanoseconds. The scheduler
// is not told about it either, so it must be short: a garbage collection may
// have to wait for its end. ok is false where the kernel has no such call.
func epollBriefly(epoll int, events []unix.EpollEvent, ns int64) (n int, ok bool) {
	timeout := [2]int64{0, ns} // seconds, nanoseconds: 64 bits each also on 32-bit systems
	got, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(epoll), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(unsafe.Pointer(&timeout)), 0, 0)
	switch errno {
	case 0:
		return int(got), true
	case unix.EINTR:
		return 0, true
	}
	return 0, false
}
