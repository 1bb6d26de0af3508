using System.Security.Cryptography.X509Certificates;
using System.Text;
using Meshover.Kube;
using Meshover.Kube.Clusters;
using Meshover.UnitTests.Kube.Api;

namespace Meshover.UnitTests.Kube;

/// <summary>Whom meshover-kube takes for the API server, and as whom it asks.</summary>
public sealed class ClusterAccessTests : IAsyncLifetime
{
    private readonly ClusterServer _cluster = new();
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _cluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [InlineData("kube-1", "kube-1")]
    [InlineData("Kube-1.Example.ORG\n", "kube-1.example.org")]
    public void Node_IsTheHostnameWhole_InSmallLetters(string hostname, string expected) => Assert.Equal(expected, KubeOptions.NodeOf(hostname));

    [Fact]
    public async Task Server_WhoseCertificateHasAnotherName_IsRefused()
    {
        Assert.True(await AskAsync());
        await RewriteAsync("https://127.0.0.1:", "https://localhost:");
        var refused = await Assert.ThrowsAsync<ClusterException>(() => AskAsync());
        Assert.Equal(ClusterFault.Away, refused.Fault);
        Assert.Contains("RemoteCertificateNameMismatch", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Server_OfAnyAuthorityInTheFile_IsTaken_AndOfNoOther(bool within)
    {
        using var other = ClusterServer.Certificate();
        var (own, both) = (await File.ReadAllTextAsync(_cluster.CaFile, _ct), $"{_cluster.CaFile}.both");
        await File.WriteAllTextAsync(both, other.ExportCertificatePem() + "\n" + own, _ct);
        await RewriteAsync($"certificate-authority: {_cluster.CaFile}", within ? $"certificate-authority-data: {Convert.ToBase64String(await File.ReadAllBytesAsync(both, _ct))}" : "certificate-authority: ca.crt.both");
        Assert.True(await AskAsync());
        await RewriteAsync("certificate-authority: ca.crt.both", $"certificate-authority: {both}");
        await File.WriteAllTextAsync(both, other.ExportCertificatePem(), _ct);
        if (!within)
            Assert.Equal(ClusterFault.Away, (await Assert.ThrowsAsync<ClusterException>(() => AskAsync())).Fault);
    }

    [Fact]
    public async Task TokenOfAFile_StandsForTheKubeconfigsCertificate()
    {
        using var client = ClusterServer.Certificate();
        using var key = client.GetECDsaPrivateKey()!;
        await RewriteAsync("    token: token-1", $"    client-certificate-data: {InBase64(client.ExportCertificatePem())}\n    client-key-data: {InBase64(key.ExportPkcs8PrivateKeyPem())}");
        Assert.Equal(ClusterFault.Forbidden, (await Assert.ThrowsAsync<ClusterException>(() => AskAsync())).Fault);
        Assert.True(await AskAsync(_cluster.TokenFile));
    }

    [Fact]
    public async Task ProgramOfAKubeconfig_ThatFailsLater_IsSaid()
    {
        var program = Path.Combine(Path.GetDirectoryName(_cluster.Kubeconfig)!, "credentials");
        await File.WriteAllTextAsync(program, """
            #!/bin/sh
            [ ! -e "$0.asked" ] || exit 1
            touch "$0.asked"
            echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"token-1"}}'

            """, _ct);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await RewriteAsync("    token: token-1", $"    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: {program}");
        var failed = await Assert.ThrowsAsync<ClusterException>(() => AskAsync());
        Assert.Equal(ClusterFault.Unconfigured, failed.Fault);
        Assert.StartsWith("cannot be asked, as the kubeconfig's credentials cannot be had: ", failed.Message, StringComparison.Ordinal);
    }

    private async Task<bool> AskAsync(string? tokenFile = null)
    {
        using var access = new ClusterAccess(new KubeOptions { Node = "kube-1", Kubeconfig = _cluster.Kubeconfig, TokenFile = tokenFile });
        return await access.Open().HasCiliumNodesAsync(_ct);
    }

    private async Task RewriteAsync(string what, string with) =>
        await File.WriteAllTextAsync(_cluster.Kubeconfig, (await File.ReadAllTextAsync(_cluster.Kubeconfig, _ct)).Replace(what, with, StringComparison.Ordinal), _ct);

    private static string InBase64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
