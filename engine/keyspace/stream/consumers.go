package stream

// Group is a consumer group as it is read. It is valid until the next write to the stream.
type Group struct{ g *group }

// Consumer is one consumer of a group as it is read. It is valid until the next write to the stream.
type Consumer struct {
	g *group
	c *consumer
}

// Pending is an entry that was delivered and not acknowledged; it may have been deleted since.
type Pending struct {
	ID        ID
	Consumer  string
	Delivered int64 // Unix milliseconds
	Count     uint64
}

// Groups returns the number of groups.
func (c *Content) Groups() int { return c.groups.Len() }

// Group returns the group of that name.
func (c *Content) Group(groupName []byte) (Group, bool) {
	g, ok := c.groups.get(name(groupName))
	return Group{g}, ok
}

// RangeGroups calls fn for the groups in the order of their names, until it returns false.
func (c *Content) RangeGroups(fn func(g Group) bool) {
	c.groups.ascend("", func(_ name, g *group) bool { return fn(Group{g}) })
}

// Name returns the group's name.
func (g Group) Name() string { return g.g.name }

// Last returns the ID up to which the group has read.
func (g Group) Last() ID { return g.g.last }

// Read returns how many entries the group has read, -1 when it is not known.
func (g Group) Read() int64 { return g.g.read }

// Pending returns the number of pending entries.
func (g Group) Pending() int { return g.g.pending.Len() }

// Consumers returns the number of consumers.
func (g Group) Consumers() int { return g.g.numbers.Len() }

// Consumer returns the consumer of that name.
func (g Group) Consumer(consumerName []byte) (Consumer, bool) {
	no, ok := g.g.numbers.get(name(consumerName))
	if !ok {
		return Consumer{}, false
	}
	c, _ := g.g.consumers.get(no)
	return Consumer{g.g, c}, true
}

// RangeConsumers calls fn for the consumers in the order of their names, until it returns false.
func (g Group) RangeConsumers(fn func(c Consumer) bool) {
	g.g.numbers.ascend("", func(_ name, no number) bool {
		c, _ := g.g.consumers.get(no)
		return fn(Consumer{g.g, c})
	})
}

// Find returns what is pending under an ID.
func (g Group) Find(id ID) (Pending, bool) {
	d, ok := g.g.pending.get(id)
	if !ok {
		return Pending{}, false
	}
	return g.g.show(id, d), true
}

func (g *group) show(id ID, d delivery) Pending {
	c, _ := g.consumers.get(d.to)
	return Pending{ID: id, Consumer: c.name, Delivered: d.at, Count: d.count}
}

// RangePending calls fn for what is pending from an ID on, until it returns false.
func (g Group) RangePending(from ID, fn func(p Pending) bool) {
	g.g.pending.ascend(from, func(id ID, d delivery) bool { return fn(g.g.show(id, d)) })
}

// LastPending returns the highest pending ID, the zero ID when nothing is pending.
func (g Group) LastPending() ID {
	id, _, _ := g.g.pending.last()
	return id
}

// Name returns the consumer's name.
func (c Consumer) Name() string { return c.c.name }

// Seen returns when the consumer was last active, Unix milliseconds.
func (c Consumer) Seen() int64 { return c.c.seen }

// Pending returns the number of entries that are pending for the consumer.
func (c Consumer) Pending() int { return c.c.pending.Len() }

// RangePending calls fn for what is pending for the consumer from an ID on, until it returns false.
func (c Consumer) RangePending(from ID, fn func(p Pending) bool) {
	c.c.pending.ascend(from, func(id ID, _ struct{}) bool {
		d, _ := c.g.pending.get(id)
		return fn(Pending{ID: id, Consumer: c.c.name, Delivered: d.at, Count: d.count})
	})
}
