package tree

import (
	"fmt"
	"unsafe"
)

// Check verifies what the tree promises of itself: counts, bytes, height and that no leaf is empty.
// It walks over everything, and calls each for every leaf, with the bounds that are known of it.
func (s *State[K, E, L]) Check(each func(leaf *E, low, high *K) error) error {
	if s.root == nil {
		if s.n != 0 || s.bytes != 0 || s.height != 0 {
			return fmt.Errorf("tree: an empty tree notes %d elements, %d bytes, height %d", s.n, s.bytes, s.height)
		}
		return nil
	}
	n, bytes, err := s.check(s.root, 0, nil, nil, each)
	if err == nil && (n != s.n || bytes != s.bytes) {
		err = fmt.Errorf("tree: counted %d elements and %d bytes, noted %d and %d", n, bytes, s.n, s.bytes)
	}
	return err
}

func (s *State[K, E, L]) check(at unsafe.Pointer, level int, low, high *K,
	each func(*E, *K, *K) error) (n int, bytes int64, err error) {
	if level == s.height {
		leaf := (*E)(at)
		if n = L(leaf).Len(); n == 0 {
			return 0, 0, fmt.Errorf("tree: empty leaf")
		}
		return n, L(leaf).Bytes(), each(leaf, low, high)
	}
	nd := (*node[K])(at)
	if nd.n < 1 || level == 0 && nd.n < 2 {
		return 0, 0, fmt.Errorf("tree: node with %d children on level %d", nd.n, level)
	}
	bytes = nodeBytes[K]()
	for i := range nd.n {
		lo, hi := low, high
		if i > 0 {
			lo = &nd.sep[i]
		}
		if i+1 < nd.n {
			hi = &nd.sep[i+1]
		}
		count, b, err := s.check(nd.child[i], level+1, lo, hi, each)
		if err != nil {
			return 0, 0, err
		}
		if count != nd.count[i] {
			return 0, 0, fmt.Errorf("tree: child has %d elements, noted %d", count, nd.count[i])
		}
		n, bytes = n+count, bytes+b
	}
	for i := nd.n; i < fanout; i++ {
		if nd.child[i] != nil {
			return 0, 0, fmt.Errorf("tree: node of %d children keeps child %d", nd.n, i)
		}
	}
	if bytes != nd.bytes {
		return 0, 0, fmt.Errorf("tree: %d bytes below a node, noted %d", bytes, nd.bytes)
	}
	return n, bytes, nil
}
