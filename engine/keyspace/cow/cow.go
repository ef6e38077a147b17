// Package cow is the freeze rule that all large values share: when a node may be written in place
// and when it must be copied first.
//
// It knows epochs and the views that are held. It must not know what the nodes look like.
//
// Each node carries the epoch of its birth. A view remembers the epoch of its freeze, and everything
// born up to then may be reachable from it. So a node may be written in place if it was born after
// the newest view that is still held; else the writer copies it, stamps the copy and hangs it into
// its parent, which it has made its own before. Nothing is counted per node: when a view is
// released, all nodes that only it protected are writable in place again at once.
//
// The epoch belongs to one value. With an epoch for all values, each undo point of one key would make
// all nodes of all other keys old.
package cow

import "sync/atomic"

// Header is the state of one value (or of several structures that are frozen together). The zero
// Header is ready. All its methods are called with the lock of the value's owner held.
type Header struct {
	epoch  uint64 // of the last freeze; what is born now carries epoch+1
	limit  uint64 // epoch of the newest view that was held when it was last looked at
	floor  uint64 // epoch up to which nodes are shared with a copy of the value
	views  []*View
	copied int64
}

// View is the hold that one frozen view has on the nodes of a value.
type View struct {
	epoch    uint64
	released atomic.Bool
}

// Release ends the hold. It may be called from any goroutine, without a lock, and more than once;
// the nodes must not be read through the view any more.
func (v *View) Release() { v.released.Store(true) }

// Freeze begins a view: until it is released, no node that exists now is written.
func (h *Header) Freeze() *View {
	h.prune()
	h.epoch++
	v := &View{epoch: h.epoch}
	h.views = append(h.views, v)
	h.limit = v.epoch
	return v
}

// Fork returns the header of a copy of the value that shares all its nodes. From now on neither the
// value nor the copy writes to them: each copies a node before it changes it, and nothing ends that.
func (h *Header) Fork() Header {
	h.epoch++
	h.floor, h.limit = h.epoch, h.epoch
	return Header{epoch: h.epoch, floor: h.epoch, limit: h.epoch}
}

// Stamp returns the epoch that a node born now must carry.
func (h *Header) Stamp() uint64 { return h.epoch + 1 }

// Owned reports whether a node born in the given epoch may be written in place.
func (h *Header) Owned(epoch uint64) bool {
	if epoch > h.limit {
		return true
	}
	h.prune()
	return epoch > h.limit
}

// prune forgets the released views. The atomic load orders what a view's reader did before its
// Release before what the writer does after it.
func (h *Header) prune() {
	kept := h.views[:0]
	h.limit = h.floor
	for _, v := range h.views {
		if !v.released.Load() {
			kept = append(kept, v)
			h.limit = max(h.limit, v.epoch)
		}
	}
	clear(h.views[len(kept):])
	h.views = kept
}

// Count notes that a writer had to copy so many bytes.
func (h *Header) Count(bytes int64) { h.copied += bytes }

// Copied returns how many bytes writers have copied because views were held.
func (h *Header) Copied() int64 { return h.copied }
