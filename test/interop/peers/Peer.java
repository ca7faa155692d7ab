// A TLS peer over loopback with Java's JSSE. Same arguments, events and byte pattern as peer.py in test/support, echo mode
// only; knows nothing of wanttls. JSSE does not say whether a session was resumed: one that is older than the handshake was.
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

public final class Peer {
  private static final Set<String> FLAGS = Set.of("verify", "no-tickets", "rekey");

  private final Map<String, String> options;
  private final SSLContext context;
  private long lastCreation;

  public static void main(String[] arguments) {
    try {
      Map<String, String> options = parse(arguments);
      if (options.containsKey("no-tickets")) {
        System.setProperty("jdk.tls.server.enableSessionTicketExtension", "false");
        System.setProperty("jdk.tls.client.enableSessionTicketExtension", "false");
      }
      Peer peer = new Peer(options);
      if (arguments[0].equals("server")) peer.serve();
      else peer.connect();
    } catch (Exception error) {
      fail(error);
      System.exit(1);
    }
  }

  private Peer(Map<String, String> options) throws Exception {
    this.options = options;
    context = SSLContext.getInstance("TLS");
    context.init(keyManagers(), trustManagers(), null);
  }

  private static Map<String, String> parse(String[] arguments) {
    Map<String, String> options = new HashMap<>();
    for (int i = 1; i < arguments.length; i++) {
      String name = arguments[i].substring(2);
      options.put(name, FLAGS.contains(name) ? "" : arguments[++i]);
    }
    return options;
  }

  private void serve() throws Exception {
    try (ServerSocket listener = new ServerSocket()) {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), number("port")));
      say("ready", String.valueOf(listener.getLocalPort()));
      int count = number("count");
      for (int served = 0; count == 0 || served < count; served++) {
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(listener.accept(), null, true)) {
          socket.setUseClientMode(false);
          answer(socket);
        } catch (IOException error) {
          fail(error);
        }
      }
    }
  }

  private void answer(SSLSocket socket) throws Exception {
    configure(socket, false);
    introduce(socket);
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    long received = 0;
    byte[] buffer = new byte[65536];
    for (int length; (length = socket.getInputStream().read(buffer)) > 0; received += length) {
      digest.update(buffer, 0, length);
      if (options.containsKey("rekey")) socket.startHandshake();
      socket.getOutputStream().write(buffer, 0, length);
    }
    String sum = HexFormat.of().formatHex(digest.digest());
    say("done", String.format("{\"received\":%d,\"sha256\":\"%s\"}", received, sum));
  }

  /** Every connection but the first may use the sessions that the context keeps of those before it. */
  private void connect() throws Exception {
    for (int i = 0; i < Math.max(1, number("connections")); i++) {
      Socket raw = new Socket(InetAddress.getLoopbackAddress(), number("port"));
      String name = options.getOrDefault("name", "localhost");
      try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(raw, name, number("port"), true)) {
        configure(socket, true);
        introduce(socket);
        converse(socket);
      }
    }
  }

  private void converse(SSLSocket socket) throws Exception {
    byte[] sent = pattern(number("bytes"));
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    int half = options.containsKey("rekey") ? sent.length / 2 : 0;
    digest.update(exchange(socket, sent, 0, half));
    if (options.containsKey("rekey")) socket.startHandshake();
    digest.update(exchange(socket, sent, half, sent.length));
    String sum = HexFormat.of().formatHex(digest.digest());
    say("done", String.format("{\"sent\":%d,\"received\":%d,\"sha256\":\"%s\"}", sent.length, sent.length, sum));
  }

  /** Sends a part of the bytes from another thread, so that its echo cannot block both ends, and answers the echo. */
  private static byte[] exchange(SSLSocket socket, byte[] bytes, int from, int to) throws Exception {
    Thread writer = new Thread(() -> {
      try {
        socket.getOutputStream().write(bytes, from, to - from);
      } catch (IOException error) {
        fail(error);
      }
    });
    writer.start();
    InputStream in = socket.getInputStream();
    byte[] echo = in.readNBytes(to - from);
    writer.join();
    if (echo.length < to - from) throw new IOException("the peer closed before all was echoed");
    return echo;
  }

  private void configure(SSLSocket socket, boolean client) {
    SSLParameters parameters = socket.getSSLParameters();
    String version = options.get("version");
    parameters.setProtocols(version == null ? new String[] {"TLSv1.2", "TLSv1.3"} : new String[] {version});
    boolean verify = options.containsKey("verify");
    if (client && verify) parameters.setEndpointIdentificationAlgorithm("HTTPS");
    if (!client) parameters.setNeedClientAuth(verify);
    socket.setSSLParameters(parameters);
  }

  private void introduce(SSLSocket socket) throws Exception {
    while (System.currentTimeMillis() <= lastCreation) Thread.onSpinWait(); // a session is as old as its millisecond
    long started = System.currentTimeMillis();
    socket.startHandshake();
    SSLSession session = socket.getSession();
    lastCreation = session.getCreationTime();
    boolean resumed = lastCreation < started;
    String peer = "null";
    try {
      X509Certificate certificate = (X509Certificate) session.getPeerCertificates()[0];
      peer = '"' + certificate.getSubjectX500Principal().getName().replaceFirst(".*CN=([^,]*).*", "$1") + '"';
    } catch (SSLPeerUnverifiedException none) {
      // the other side has shown no certificate
    }
    String format = "{\"version\":\"%s\",\"cipher\":\"%s\",\"alpn\":null,\"peer\":%s,\"resumed\":%b}";
    say("connected", String.format(format, session.getProtocol(), session.getCipherSuite(), peer, resumed));
  }

  private KeyManager[] keyManagers() throws Exception {
    if (!options.containsKey("cert")) return null;
    Certificate[] chain;
    try (InputStream in = Files.newInputStream(Path.of(options.get("cert")))) {
      chain = CertificateFactory.getInstance("X.509").generateCertificates(in).toArray(new Certificate[0]);
    }
    String pem = Files.readString(Path.of(options.get("key"))).replaceAll("-----[A-Z ]+-----|\\s", "");
    String algorithm = chain[0].getPublicKey().getAlgorithm();
    PKCS8EncodedKeySpec encoded = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem));
    PrivateKey key = KeyFactory.getInstance(algorithm).generatePrivate(encoded);
    KeyStore store = emptyStore();
    store.setKeyEntry("identity", key, new char[0], chain);
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(store, new char[0]);
    return factory.getKeyManagers();
  }

  private TrustManager[] trustManagers() throws Exception {
    if (!options.containsKey("verify")) return new TrustManager[] {new Credulous()};
    KeyStore store = emptyStore();
    byte[] pem = Files.readAllBytes(Path.of(options.get("ca")));
    store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem)));
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyStore emptyStore() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private int number(String name) {
    return Integer.parseInt(options.getOrDefault(name, "0"));
  }

  private static byte[] pattern(int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) bytes[i] = (byte) (i * 167 + (i >> 8) * 13);
    return bytes;
  }

  private static void fail(Exception error) {
    String text = String.valueOf(error.getMessage()).replaceAll("[^ !#-\\[\\]-~]", "?");
    say("failed", String.format("{\"type\":\"%s\",\"reason\":null,\"text\":\"%s\"}", error.getClass().getSimpleName(), text));
  }

  private static synchronized void say(String event, String json) {
    System.out.printf("{\"%s\":%s}%n", event, json);
    System.out.flush();
  }

  /** Trusts everybody: what a peer without --verify does. */
  private static final class Credulous extends X509ExtendedTrustManager {
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    public void checkClientTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    public void checkServerTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
