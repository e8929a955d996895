import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/**
 * Tells a customer that an order was paid: java PaidOrder.java 1001 oOPENID… (Java 17)
 *
 * <p>COURIER_KEY is a key of "courier keys create"; COURIER_URL defaults to http://127.0.0.1:8080.
 */
class PaidOrder {
  private static final int TRIES = 8;

  public static void main(String[] args) throws InterruptedException {
    System.out.println(send(paid(args[0], args[1])));
  }

  /** The id is derived from the order: repeating the call with it is safe. */
  static String paid(String order, String openid) {
    return """
        {
          "appId": "wx0123456789abcdef",
          "kind": "template",
          "id": "order-%s-paid",
          "message": {
            "touser": "%s",
            "template_id": "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY",
            "data": { "character_string1": { "value": "%s" } }
          }
        }
        """
        .formatted(order, openid, order);
  }

  /** The answer of the API; repeats the call while nobody knows whether it was taken. */
  static String send(String envelope) throws InterruptedException {
    String base = System.getenv().getOrDefault("COURIER_URL", "http://127.0.0.1:8080");
    HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(3)).build();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(base + "/v1/messages"))
            .timeout(Duration.ofSeconds(10))
            .header("Authorization", "Bearer " + System.getenv("COURIER_KEY"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(envelope))
            .build();
    for (int attempt = 0; attempt < TRIES; attempt++) {
      long wait = Math.min(1L << attempt, 30);
      try {
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        int status = response.statusCode();
        if (status == 200 || status == 202) return response.body();
        if (status != 429 && status < 500) throw new IllegalStateException(response.body());
        wait = response.headers().firstValueAsLong("Retry-After").orElse(wait);
      } catch (IOException error) {
        System.err.printf("no answer (%s), again in %d s%n", error, wait);
      }
      Thread.sleep(wait * 1000);
    }
    throw new IllegalStateException("not accepted after " + TRIES + " tries");
  }
}
