// Package browsertest plays stories in the real page: its tests build and start the real program, open its page
// in Chromium and do with pointer and keys what a person does. What they expect of the cluster they ask of the
// JSON API, what they expect of the picture they read from the page's own elements.
//
// Nothing waits for a time to pass: every step waits for its condition. Screenshots are left in artefacts/, whose
// path is printed.
package browsertest
