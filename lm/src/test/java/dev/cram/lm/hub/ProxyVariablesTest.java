package dev.cram.lm.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProxyVariablesTest {
  private static final URI HUB = URI.create("https://huggingface.co/a");

  @Test
  void takesTheProxyOfTheScheme() {
    Map<String, String> environment =
        Map.of("https_proxy", "http://proxy.test:3128/", "NO_PROXY", "localhost, .intern.test");

    assertThat(proxy(environment, HUB))
        .isEqualTo(
            new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved("proxy.test", 3128)));
    assertThat(proxy(environment, URI.create("http://huggingface.co"))).isEqualTo(Proxy.NO_PROXY);
    assertThat(proxy(environment, URI.create("https://localhost"))).isEqualTo(Proxy.NO_PROXY);
    assertThat(proxy(environment, URI.create("https://hf.intern.test"))).isEqualTo(Proxy.NO_PROXY);
  }

  @Test
  void leavesItToJavaWithoutVariables() {
    assertThat(ProxyVariables.selector(Map.of("NO_PROXY", "*")))
        .isSameAs(ProxySelector.getDefault());
  }

  private static Proxy proxy(Map<String, String> environment, URI uri) {
    return ProxyVariables.selector(environment).select(uri).getFirst();
  }
}
