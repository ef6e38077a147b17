package metrics

import (
	"net/http"
	"runtime/pprof"
	"strconv"
	"time"
)

// longestProfile bounds how long one request keeps the profiler.
const longestProfile = 5 * time.Minute

// profile serves Go's profiles as net/http/pprof does, at the same addresses
// and for the same tools. That package is not imported, for it would put them
// on http.DefaultServeMux of every program that has this plugin in it.
func profile(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if name == "profile" {
		profileCPU(w, r)
		return
	}
	p := pprof.Lookup(name)
	if p == nil {
		http.Error(w, "there is no profile "+strconv.Quote(name), http.StatusNotFound)
		return
	}
	debug, _ := strconv.Atoi(r.FormValue("debug"))
	w.Header().Set("Content-Type", "application/octet-stream")
	if debug > 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	_ = p.WriteTo(w, debug) // the client has gone
}

// profileCPU samples the processor for so many seconds, 30 where none are given.
func profileCPU(w http.ResponseWriter, r *http.Request) {
	length := 30 * time.Second
	if text := r.FormValue("seconds"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > int(longestProfile.Seconds()) {
			http.Error(w, "seconds must be from 1 to 300", http.StatusBadRequest)
			return
		}
		length = time.Duration(n) * time.Second
	}
	if err := pprof.StartCPUProfile(w); err != nil { // another one is being made
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	defer pprof.StopCPUProfile()
	select {
	case <-time.After(length):
	case <-r.Context().Done():
	}
}
