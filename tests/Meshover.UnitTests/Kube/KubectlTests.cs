using System.Diagnostics;
using Meshover.UnitTests.Architecture;
using Meshover.UnitTests.Kube.Api;

namespace Meshover.UnitTests.Kube;

/// <summary>The tests' API server is one by the word of Kubernetes' own client: what these tests show of meshover-kube, they show of a real cluster's API.</summary>
public sealed class KubectlTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly ClusterServer _cluster = new();

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Find() is not null, "there is no kubectl; ./dev test fetches it (package kubernetes-client)");
        await _cluster.StartAsync();
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Kubectl_MakesChangesAndDeletes()
    {
        foreach (var (kind, of) in ((string, string)[])[("node", NodeOf("10.244.1.0/24")), ("ciliumnode", CiliumNodeOf("10.244.1.0/24"))])
        {
            Assert.Contains("kube-1 created", await KubectlAsync(of, "create", "--validate=false", "-f", "-"), StringComparison.Ordinal);
            Assert.Contains("kube-1 configured", await KubectlAsync(of.Replace("10.244.1", "10.244.2", StringComparison.Ordinal), "apply", "--validate=false", "-f", "-"), StringComparison.Ordinal);
            Assert.Contains("kube-1", await KubectlAsync("", "get", $"{kind}s"), StringComparison.Ordinal);
            Assert.Contains("10.244.2.0/24", await KubectlAsync("", "get", kind, "kube-1", "-o", "yaml"), StringComparison.Ordinal);
            Assert.Contains("kube-1 replaced", await KubectlAsync(of.Replace("10.244.1", "10.244.3", StringComparison.Ordinal), "replace", "--validate=false", "-f", "-"), StringComparison.Ordinal);
            Assert.Contains("10.244.3.0/24", await KubectlAsync("", "get", $"{kind}s", "--field-selector", "metadata.name=kube-1", "-o", "json"), StringComparison.Ordinal);
            Assert.Contains("\"kube-1\" deleted", await KubectlAsync("", "delete", kind, "kube-1", "--wait=false"), StringComparison.Ordinal);
            Assert.Empty(_cluster.Store.List($"{kind}s", name: null).Items);
        }
    }

    [Fact]
    public async Task Kubectl_Watches()
    {
        _cluster.PutNode("kube-1", "10.244.1.0/24");
        using var kubectl = Start("get", "nodes", "-w", "--request-timeout=3s", "-o", "jsonpath={.metadata.name} {.spec.podCIDR}{\"\\n\"}");
        kubectl.StandardInput.Close();
        Assert.Equal("kube-1 10.244.1.0/24", await kubectl.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
        _cluster.PutNode("kube-2", "10.244.2.0/24");
        Assert.Equal("kube-2 10.244.2.0/24", await kubectl.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
        kubectl.Kill();
    }

    private static string NodeOf(string prefix) => $$"""
        apiVersion: v1
        kind: Node
        metadata:
          name: kube-1
        spec:
          podCIDR: {{prefix}}
          podCIDRs: [{{prefix}}]
        """;

    private static string CiliumNodeOf(string prefix) => $$"""
        apiVersion: cilium.io/v2
        kind: CiliumNode
        metadata:
          name: kube-1
        spec:
          ipam:
            podCIDRs: [{{prefix}}]
        """;

    /// <summary>Debian's, as `./dev test` unpacks it; null: it is not there.</summary>
    internal static string? Find() => Path.Combine(Repository.Root, "artifacts/roots/kubernetes-client/usr/bin/kubectl") is var path && File.Exists(path) ? path : null;

    private async Task<string> KubectlAsync(string input, params string[] arguments)
    {
        using var kubectl = Start(arguments);
        await kubectl.StandardInput.WriteAsync(input);
        kubectl.StandardInput.Close();
        var (output, error) = (kubectl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), kubectl.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await kubectl.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(kubectl.ExitCode == 0, $"{string.Join(' ', arguments)}: {await error}");
        return await output;
    }

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Find()!, ["--kubeconfig", _cluster.Kubeconfig, .. arguments]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        // What it learns of a server it keeps: of this one nothing may be left.
        start.Environment["HOME"] = Path.GetDirectoryName(_cluster.Kubeconfig);
        return Process.Start(start)!;
    }
}
