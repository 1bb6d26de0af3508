using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.UnitTests.Kube.Api;

namespace Meshover.LabTests.Mesh;

/// <summary>The API of a control plane as docs/guides/kubeadm.md has it: one name and one address, by a tried command of kubectl's on a machine that has neither.</summary>
public sealed class KubeadmTests
{
    private const string Address = "10.250.0.10", Name = "api";
    private const int Port = 6443;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private static readonly string Root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(LabPrograms.Meshover)!, "../.."));
    private static readonly string Kubectl = Path.Combine(Root, "artifacts/roots/kubernetes-client/usr/bin/kubectl");
    private readonly string _guide = File.ReadAllText(Path.Combine(Root, "docs/guides/kubeadm.md"));
    private string _trusted = "";

    [Fact]
    public async Task Api_ByItsFloatingAddressAndName_OutlivesItsServersAndTheirMachines()
    {
        Assert.SkipUnless(File.Exists(Kubectl), "there is no kubectl; ./dev test fetches it (package kubernetes-client)");
        AssertGuideSays($"controlPlaneEndpoint: {Name}.mesh:{Port}", $"certSANs: [{Name}.mesh, {Address}]");
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3 }, TimeProvider.System, new TestProgress(), _ct);
        await using var first = Server(mesh.Node(1), "first");
        await using var second = Server(mesh.Node(2), "second");
        Trust(first, second);
        await mesh.SettledAsync(_ct);
        AssertGuideSays($"meshover grant add $node {Address}/32 --name {Name}", $"meshover announce {Address}/32 --active-standby --check tcp:127.0.0.1:{Port}");
        foreach (var number in (int[])[1, 2])
        {
            await mesh.Controller.GrantAsync(number, $"{Address}/32", ["--name", Name], _ct);
            await AnnounceAsync(mesh.Node(number));
        }
        var client = mesh.Node(3);

        await first.StartAsync();
        await AnswersAsync(client, first, "first");
        await second.StartAsync();
        await mesh.Node(2).IsAsync($"{Address}/32", "standby", SourceBed.Patience, _ct);
        Assert.Contains(Address, (await client.Machine.RunAsync("dig", ["+short", "+time=2", $"@127.0.129.12", $"{Name}.mesh"], _ct)).Checked(), StringComparison.Ordinal);

        await first.StopAsync();
        await AnswersAsync(client, first, "second");
        await first.StartAsync();
        await mesh.Node(1).IsAsync($"{Address}/32", "standby", SourceBed.Patience, _ct);
        await using (await Cut.OffAsync(mesh, mesh.Node(2), _ct))
            await AnswersAsync(client, first, "first");
    }

    private void AssertGuideSays(params string[] lines) => Assert.All(lines, line => Assert.Contains(line, _guide, StringComparison.Ordinal));

    private static ClusterServer Server(LabNode node, string name)
    {
        var server = new ClusterServer(make => node.Machine.InNetwork(make), Port, $"{Name}.mesh", Address);
        server.PutNode(name);
        return server;
    }

    /// <summary>Each has a certificate of its own; those of a cluster have one CA.</summary>
    private void Trust(params ClusterServer[] servers)
    {
        _trusted = Path.Combine(Path.GetDirectoryName(servers[0].CaFile)!, "trusted.crt");
        File.WriteAllText(_trusted, string.Join('\n', servers.Select(server => File.ReadAllText(server.CaFile))));
    }

    private async Task AnnounceAsync(LabNode node) => await Until.NothingIsMissingAsync($"{node.Machine.Name} announces {Address}", SourceBed.Patience, async () =>
        await node.MeshoverAsync(["announce", $"{Address}/32", "--active-standby", "--check", $"tcp:127.0.0.1:{Port}"], _ct) is { ExitCode: not (0 or 3) } refused ? refused.Error : null, _ct);

    private Task<TimeSpan> AnswersAsync(LabNode client, ClusterServer known, string node) => Until.NothingIsMissingAsync($"the API server of {node} answers", SourceBed.Patience, async () =>
    {
        var said = await client.Machine.RunAsync(
            Kubectl,
            ["--kubeconfig", known.Kubeconfig, "--server", $"https://{Address}:{Port}", "--tls-server-name", $"{Name}.mesh", "--certificate-authority", _trusted, "--request-timeout", "2s", "get", "nodes"], _ct);
        return said.ExitCode == 0 && said.Output.Contains(node, StringComparison.Ordinal) ? null : said.Output + said.Error;
    }, _ct);
}
