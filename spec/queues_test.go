package spec

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/hibiken/asynq"
)

// work gathers what a queue's handler has done.
type work struct {
	mu   sync.Mutex
	runs map[string]int
}

func (w *work) ran(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs[name]++
	return w.runs[name]
}

func (w *work) count(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.runs[name]
}

type quiet struct{}

func (quiet) Debug(...any) {}
func (quiet) Info(...any)  {}
func (quiet) Warn(...any)  {}
func (quiet) Error(...any) {}
func (quiet) Fatal(...any) {}

// TestAsynq runs a queue of jobs: some at once, one later, one that is unique,
// one that fails before it succeeds, one that always fails.
func TestAsynq(t *testing.T) {
	p := startProcess(t, "--dir", t.TempDir())
	opt := asynq.RedisClientOpt{Addr: p.addr}
	done := work{runs: map[string]int{}}
	server := asynq.NewServer(opt, asynq.Config{
		Concurrency: 4, Queues: map[string]int{"critical": 6, "default": 1}, Logger: quiet{}, LogLevel: asynq.FatalLevel,
		DelayedTaskCheckInterval: 50 * time.Millisecond, TaskCheckInterval: 50 * time.Millisecond,
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return 10 * time.Millisecond },
	})
	err := server.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		n := done.ran(string(task.Payload()))
		if task.Type() == "hard" && n < 3 || task.Type() == "hopeless" {
			return errors.New("not yet")
		}
		_, err := task.ResultWriter().Write([]byte("done"))
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	c := asynq.NewClient(opt)
	defer c.Close()
	put := func(kind, payload string, o ...asynq.Option) error {
		_, err := c.Enqueue(asynq.NewTask(kind, []byte(payload)), append(o, asynq.Retention(time.Hour))...)
		return err
	}
	for i := range 50 {
		err = errors.Join(err, put("easy", fmt.Sprintf("easy%d", i), asynq.Queue([]string{"critical", "default"}[i%2])))
	}
	err = errors.Join(err,
		put("easy", "later", asynq.ProcessIn(time.Second)),
		put("easy", "never", asynq.ProcessIn(time.Hour), asynq.TaskID("never")),
		put("hard", "hard", asynq.MaxRetry(5)),
		put("hopeless", "hopeless", asynq.MaxRetry(1)),
		put("easy", "unique", asynq.Unique(time.Hour), asynq.ProcessIn(time.Hour), asynq.TaskID("unique")))
	if err != nil {
		t.Fatal(err)
	}
	if err := put("easy", "unique", asynq.Unique(time.Hour)); !errors.Is(err, asynq.ErrDuplicateTask) {
		t.Errorf("a unique job is taken twice: %v", err)
	}
	look := asynq.NewInspector(opt)
	defer look.Close()
	if err := look.RunTask("default", "unique"); err != nil {
		t.Error(err)
	}
	waitFor(t, "all jobs are done", func() bool {
		d, err1 := look.GetQueueInfo("default")
		k, err2 := look.GetQueueInfo("critical")
		return err1 == nil && err2 == nil && d.Completed+k.Completed == 53 && d.Archived == 1
	})
	for name, want := range map[string]int{"easy0": 1, "easy49": 1, "later": 1, "unique": 1, "hard": 3, "hopeless": 2, "never": 0} {
		if n := done.count(name); n != want {
			t.Errorf("%s ran %d times, want %d", name, n, want)
		}
	}
	if err := look.DeleteTask("default", "never"); err != nil {
		t.Error(err)
	}
}

// TestRedisRate takes tokens from a limiter until there are none.
func TestRedisRate(t *testing.T) {
	p := startProcess(t, "--dir", t.TempDir())
	limiter := redis_rate.NewLimiter(p.client(t))
	ctx := context.Background()
	perHour := redis_rate.PerHour(10)
	for i := range 10 {
		r, err := limiter.Allow(ctx, "user", perHour)
		if err != nil || r.Allowed != 1 || r.Remaining != 9-i {
			t.Fatalf("token %d: %+v, %v", i, r, err)
		}
	}
	r, err := limiter.Allow(ctx, "user", perHour)
	if err != nil || r.Allowed != 0 || r.RetryAfter <= 0 || r.RetryAfter > 6*time.Minute {
		t.Errorf("token 10: %+v, %v", r, err)
	}
	if r, err = limiter.AllowN(ctx, "other", perHour, 7); err != nil || r.Allowed != 7 {
		t.Errorf("seven at once: %+v, %v", r, err)
	}
	if r, err = limiter.AllowAtMost(ctx, "other", perHour, 7); err != nil || r.Allowed != 3 {
		t.Errorf("what is left: %+v, %v", r, err)
	}
	if err := limiter.Reset(ctx, "user"); err != nil {
		t.Fatal(err)
	}
	if r, err = limiter.Allow(ctx, "user", perHour); err != nil || r.Remaining != 9 {
		t.Errorf("after the reset: %+v, %v", r, err)
	}
}
