// Tells a customer that an order was paid: go run paid_order.go 1001 oOPENID…
//
// COURIER_KEY is a key of "courier keys create"; COURIER_URL defaults to http://127.0.0.1:8080.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

const tries = 8

// The id is derived from the order: repeating the call with it is safe.
const envelope = `{
  "appId": "wx0123456789abcdef",
  "kind": "template",
  "id": "order-%[1]s-paid",
  "message": {
    "touser": "%[2]s",
    "template_id": "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY",
    "data": { "character_string1": { "value": "%[1]s" } }
  }
}`

type accepted struct {
	MessageID string `json:"messageId"`
	Status    string `json:"status"`
}

// send repeats the call while nobody knows whether it was taken.
func send(body []byte) (accepted, error) {
	base := os.Getenv("COURIER_URL")
	if base == "" {
		base = "http://127.0.0.1:8080"
	}
	client := &http.Client{Timeout: 10 * time.Second}
	for attempt := 0; attempt < tries; attempt++ {
		wait := min(1<<attempt, 30)
		request, err := http.NewRequest(http.MethodPost, base+"/v1/messages", bytes.NewReader(body))
		if err != nil {
			return accepted{}, err
		}
		request.Header.Set("Authorization", "Bearer "+os.Getenv("COURIER_KEY"))
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			fmt.Fprintf(os.Stderr, "no answer (%v), again in %d s\n", err, wait)
		} else {
			text, cut := io.ReadAll(response.Body)
			response.Body.Close()
			switch status := response.StatusCode; {
			case cut != nil:
				fmt.Fprintf(os.Stderr, "half an answer (%v), again in %d s\n", cut, wait)
			case status == http.StatusOK || status == http.StatusAccepted:
				var answer accepted
				err := json.Unmarshal(text, &answer)
				return answer, err
			case status != http.StatusTooManyRequests && status < 500:
				return accepted{}, fmt.Errorf("%s", text)
			}
			if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
				wait = seconds
			}
		}
		time.Sleep(time.Duration(wait) * time.Second)
	}
	return accepted{}, fmt.Errorf("not accepted after %d tries", tries)
}

func main() {
	answer, err := send(fmt.Appendf(nil, envelope, os.Args[1], os.Args[2]))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(answer.Status, answer.MessageID)
}
