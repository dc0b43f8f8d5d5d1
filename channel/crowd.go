package channel

import "github.com/rouse-go/rouse"

// crowd is who waits without an object of his own: a task is known by its waker
// only, and may be gone without a word. So a wake promises nothing, and
// everybody is woken. A member keeps his place until he is served, so that the
// one who came first is woken, and polled, first.
type crowd struct {
	members []member
	waiting int       // how many of them have not been woken
	own     [1]member // what members begins with: one task waits without an allocation
}

type member struct {
	waker   rouse.Waker // counted if waiting; else a copy that only tells who it is
	waiting bool
	missed  uint8 // how often the others were woken since he was
}

// missedLimit is after how many wakes a member who doesn't come is forgotten.
// One who is only late loses his place by it, not his wake.
const missedLimit = 16

// join makes the task that cx wakes a waiting member.
func (c *crowd) join(cx *rouse.Context) {
	for i := range c.members {
		m := &c.members[i]
		if !cx.WillWake(m.waker) {
			continue
		}
		if !m.waiting {
			cx.Waker() // the same as m.waker: it counts from now on
			m.waiting, m.missed = true, 0
			c.waiting++
		}
		return
	}
	m := member{waker: cx.Waker(), waiting: true}
	if c.members == nil {
		c.members = c.own[:0]
	}
	c.members = append(c.members, m)
	c.waiting++
}

// served ends the membership of the task that cx wakes, if there is one. It has
// been woken: nobody waits while something is free. One who is alone is left
// where he is: he will be back, and has nobody to overtake.
func (c *crowd) served(cx *rouse.Context) {
	if len(c.members) > 1 {
		c.leave(cx)
	}
}

func (c *crowd) leave(cx *rouse.Context) {
	for i := range c.members {
		if m := &c.members[i]; cx.WillWake(m.waker) && !m.waiting {
			c.forget(i)
			return
		}
	}
}

func (c *crowd) forget(i int) {
	n := len(c.members) - 1
	if i < n {
		copy(c.members[i:], c.members[i+1:])
	}
	c.members[n] = member{}
	c.members = c.members[:n]
}

// wake wakes all who wait. It starts over until nobody does, because a waker
// may do anything, such as change the list.
func (c *crowd) wake(at *rouse.Loop) {
	for c.waiting > 0 {
		for i := 0; i < len(c.members); i++ {
			m := &c.members[i]
			if m.waiting {
				m.waiting = false
				c.waiting--
				at.Wake(m.waker)
			} else if m.missed++; m.missed > missedLimit {
				c.forget(i)
				i--
			}
		}
	}
}
