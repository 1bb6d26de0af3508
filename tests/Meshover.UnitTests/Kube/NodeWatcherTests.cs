using System.Text.Json.Nodes;
using Meshover.Kube;
using Meshover.Kube.Clusters;
using Meshover.Kube.Watching;
using Meshover.UnitTests.Kube.Api;

namespace Meshover.UnitTests.Kube;

/// <summary>What the cluster says of the node is what the agent has, whatever happens to API server, credentials and agent.</summary>
public sealed class NodeWatcherTests
{
    private const string Node = KubeBed.Node;

    [Fact]
    public async Task Node_WhosePodCidrsComeChangeAndGo_IsFollowed_AndNoOtherIsAskedFor()
    {
        await using var bed = await KubeBed.StartAsync(SourceChoice.Node, cluster => cluster.PutNode("kube-2", "10.244.2.0/24"));
        await bed.HasAsync("", "no prefix; the cluster has no Node kube-1");
        bed.Cluster.PutNode(Node);
        await bed.HasAsync("", "no prefix; Node kube-1 has no pod CIDR");
        bed.Cluster.PutNode(Node, "10.244.1.0/24", "fd44:0:0:1::/64");
        await bed.HasAsync("10.244.1.0/24 fd44:0:0:1::/64", "2 prefixes; Node kube-1");
        bed.Cluster.PutNode("kube-2", "10.244.3.0/24");
        bed.Cluster.PutNode(Node, "10.244.9.0/24");
        await bed.HasAsync("10.244.9.0/24", "1 prefix; Node kube-1");
        bed.Cluster.Store.Delete("nodes", Node);
        await bed.HasAsync("", "no prefix; the cluster has no Node kube-1");
        Assert.All(bed.Cluster.Asked, asked => Assert.Contains("?fieldSelector=metadata.name%3Dkube-1", asked, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Auto_TakesCiliumsObject_WhereTheClusterHasThatKind_AndWhatItsPoolsGave()
    {
        await using var bed = await KubeBed.StartAsync(prepare: cluster =>
        {
            cluster.HasCilium = false;
            cluster.PutNode(Node, "10.244.1.0/24");
            cluster.PutCiliumNode(Node, "10.0.1.0/24");
        });
        await bed.HasAsync("10.244.1.0/24", "1 prefix; Node kube-1");
        bed.Cluster.HasCilium = true;
        bed.Cluster.Store.Compact();
        await bed.HasAsync("10.0.1.0/24", "1 prefix; CiliumNode kube-1");
        bed.Cluster.PutCiliumNode(Node, new JsonObject
        {
            ["podCIDRs"] = ClusterServer.Texts("10.0.1.0/24"),
            ["pools"] = new JsonObject { ["allocated"] = new JsonArray(new JsonObject { ["pool"] = "default", ["cidrs"] = ClusterServer.Texts("10.20.0.0/27") }) },
        });
        await bed.HasAsync("10.20.0.0/27", "1 prefix; CiliumNode kube-1");
    }

    [Fact]
    public async Task ApiServer_ThatIsAway_ChangesNothing_AndWhatHappenedMeanwhileIsFound()
    {
        await using var bed = await KubeBed.StartAsync(SourceChoice.CiliumNode, cluster => cluster.PutCiliumNode(Node, "10.0.1.0/24"));
        await bed.HasAsync("10.0.1.0/24", "1 prefix; CiliumNode kube-1");
        await bed.Cluster.StopAsync();
        await bed.HasAsync("10.0.1.0/24", $"1 prefix; the API server https://127.0.0.1:{bed.Cluster.Port} does not answer: Connection refused (since 2");
        bed.Cluster.PutCiliumNode(Node, "10.0.7.0/24");
        await bed.Cluster.StartAsync();
        await bed.HasAsync("10.0.7.0/24", "1 prefix; CiliumNode kube-1");
        bed.Cluster.Refusing = 503;
        bed.Cluster.Store.Compact();
        await bed.HasAsync("10.0.7.0/24", $"1 prefix; the API server https://127.0.0.1:{bed.Cluster.Port} cannot answer now (503): refused by the test with 503 (since 2");
        bed.Cluster.Refusing = null;
        await bed.HasAsync("10.0.7.0/24", "1 prefix; CiliumNode kube-1");
    }

    [Fact]
    public async Task Token_ThatExpires_ChangesNothing_AndTheNewOneIsTaken()
    {
        await using var bed = await KubeBed.StartAsync(SourceChoice.Node, cluster => cluster.PutNode(Node, "10.244.1.0/24"));
        await bed.HasAsync("10.244.1.0/24", "1 prefix; Node kube-1");
        bed.Cluster.NewToken("token-2", write: false);
        bed.Cluster.Store.Compact();
        await bed.HasAsync("10.244.1.0/24", $"1 prefix; the API server https://127.0.0.1:{bed.Cluster.Port} refuses the credentials (401)");
        bed.Cluster.PutNode(Node, "10.244.2.0/24");
        await File.WriteAllTextAsync(bed.Cluster.TokenFile, "token-2", TestContext.Current.CancellationToken);
        await bed.HasAsync("10.244.2.0/24", "1 prefix; Node kube-1");
        // Renewed in time, as a kubelet does it: nothing of it is seen.
        bed.Cluster.NewToken("token-3");
        bed.Cluster.Store.Compact();
        bed.Cluster.PutNode(Node, "10.244.3.0/24");
        await bed.HasAsync("10.244.3.0/24", "1 prefix; Node kube-1");
        bed.Cluster.NewToken("token-4", write: false);
        await File.WriteAllTextAsync(bed.Cluster.TokenFile, "", TestContext.Current.CancellationToken);
        bed.Cluster.Store.Compact();
        await bed.HasAsync("10.244.3.0/24", $"1 prefix; the API server https://127.0.0.1:{bed.Cluster.Port} cannot be asked, as {bed.Cluster.TokenFile} holds no token");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task History_ThatTheServerHasForgotten_IsListedAnew(bool byStatus)
    {
        await using var bed = await KubeBed.StartAsync(SourceChoice.Node, cluster => cluster.PutNode(Node, "10.244.1.0/24"));
        await bed.HasAsync("10.244.1.0/24", "1 prefix; Node kube-1");
        bed.Cluster.GoneByStatus = byStatus;
        var asked = await AskedAfterAsync(bed, () =>
        {
            bed.Cluster.Store.Delete("nodes", Node);
            bed.Cluster.PutNode(Node, "10.244.2.0/24");
            bed.Cluster.Store.Compact();
        }, "10.244.2.0/24");
        Assert.DoesNotContain("watch=true", asked, StringComparison.Ordinal);
        // A cluster that was restored from a backup counts on from an older version.
        asked = await AskedAfterAsync(bed, () =>
        {
            bed.Cluster.Store.GoBack(500);
            bed.Cluster.PutNode(Node, "10.244.3.0/24");
        }, "10.244.3.0/24");
        Assert.DoesNotContain("watch=true", asked, StringComparison.Ordinal);
    }

    /// <returns>What was asked after the watch that went on from before it happened.</returns>
    private static async Task<string> AskedAfterAsync(KubeBed bed, Action happens, string prefixes)
    {
        await UntilAsync(() => bed.Cluster.Watches == 1);
        var (before, version) = (bed.Cluster.Asked.Count, bed.Cluster.Store.Version);
        await bed.Cluster.BetweenWatchesAsync(happens);
        await bed.HasAsync(prefixes, "1 prefix; Node kube-1");
        var asked = bed.Cluster.Asked.Skip(before).ToList();
        Assert.Contains($"&watch=true&allowWatchBookmarks=true&resourceVersion={version}&", asked[0], StringComparison.Ordinal);
        return asked[1];
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        while (!isSo()) await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task PodCidr_ThatIsNone_IsSaid_AndWhatWasAnnouncedStays()
    {
        await using var bed = await KubeBed.StartAsync(SourceChoice.CiliumNode, cluster => cluster.PutCiliumNode(Node, "10.0.1.0/24"));
        await bed.HasAsync("10.0.1.0/24", "1 prefix; CiliumNode kube-1");
        bed.Cluster.PutCiliumNode(Node, "10.0.2.0/24", "10.0.3.0/99");
        await bed.HasAsync("10.0.1.0/24", "1 prefix; CiliumNode kube-1 has the pod CIDR \"10.0.3.0/99\", which is no prefix: what was announced stays");
        bed.Cluster.PutCiliumNode(Node, "10.0.2.0/24");
        await bed.HasAsync("10.0.2.0/24", "1 prefix; CiliumNode kube-1");
    }

    [Theory]
    [InlineData(403, "forbids it (403): refused by the test with 403")]
    [InlineData(404, "has no such kind of object (404): refused by the test with 404")]
    [InlineData(418, "answered 418: refused by the test with 418")]
    public async Task Refusal_IsSaidInTheServersWords(int status, string words)
    {
        await using var bed = await KubeBed.StartAsync(SourceChoice.CiliumNode, cluster => cluster.Refusing = status);
        await bed.HasAsync("", $"no prefix; the API server https://127.0.0.1:{bed.Cluster.Port} {words} (since 2");
    }

    [Fact]
    public async Task ThousandChangesInASecond_AreAFewForTheAgent_AndTheLastHolds()
    {
        await using var bed = await KubeBed.StartAsync(SourceChoice.CiliumNode, cluster => cluster.PutCiliumNode(Node, "10.0.1.0/24"));
        await bed.HasAsync("10.0.1.0/24", "1 prefix; CiliumNode kube-1");
        var before = bed.Told;
        for (var number = 0; number < 1000; number++)
            bed.Cluster.PutCiliumNode(Node, $"10.{1 + (number / 250)}.{number % 250}.0/24", "10.200.0.0/16");
        await bed.HasAsync("10.4.249.0/24 10.200.0.0/16", "2 prefixes; CiliumNode kube-1");
        Assert.InRange(bed.Told - before, 1, 40);
    }

    [Fact]
    public async Task Agent_ThatEndsAndIsBack_HasWhatItHad_AndThenWhatIsNew()
    {
        await using var bed = await KubeBed.StartAsync(SourceChoice.Node, cluster => cluster.PutNode(Node, "10.244.1.0/24"));
        await bed.HasAsync("10.244.1.0/24", "1 prefix; Node kube-1");
        await bed.StopAgentAsync();
        bed.Cluster.PutNode(Node, "10.244.2.0/24");
        await bed.StartAgentAsync();
        Assert.Equal("10.244.1.0/24", $"{Assert.Single(bed.Source!.Announcements).Prefix}");
        await bed.HasAsync("10.244.2.0/24", "1 prefix; Node kube-1");
    }

    [Fact]
    public async Task Kubeconfig_ThatIsNone_IsSaid_AndTakenWhenItIsMended()
    {
        await using var bed = await KubeBed.StartAsync(SourceChoice.Node, cluster => cluster.PutNode(Node, "10.244.1.0/24"));
        await bed.HasAsync("10.244.1.0/24", "1 prefix; Node kube-1");
        var good = await File.ReadAllTextAsync(bed.Cluster.Kubeconfig, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(bed.Cluster.Kubeconfig, "clusters: [", TestContext.Current.CancellationToken);
        bed.Cluster.Refusing = 403;
        bed.Cluster.Store.Compact();
        await bed.HasAsync("10.244.1.0/24", $"1 prefix; the API server https://127.0.0.1:{bed.Cluster.Port} cannot be asked, as {bed.Cluster.Kubeconfig} cannot be used: ");
        bed.Cluster.Refusing = null;
        await File.WriteAllTextAsync(bed.Cluster.Kubeconfig, good, TestContext.Current.CancellationToken);
        await bed.HasAsync("10.244.1.0/24", "1 prefix; Node kube-1");
    }

    [Theory]
    [InlineData("")]
    [InlineData("current-context: nothing")]
    [InlineData("\0\0")]
    public async Task Kubeconfig_OfAnyKindOfNonsense_EndsInASentence(string text)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        using var access = new ClusterAccess(new KubeOptions { Node = Node, Kubeconfig = file });
        Assert.StartsWith($"cannot be asked, as {file} cannot be used: ", Assert.Throws<ClusterException>(access.Open).Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task Forget_TakesAllBack_ButNotFromOneThatRuns()
    {
        await using var bed = await KubeBed.StartAsync(SourceChoice.Node, cluster => cluster.PutNode(Node, "10.244.1.0/24"));
        await bed.HasAsync("10.244.1.0/24", "1 prefix; Node kube-1");
        var refused = await Assert.ThrowsAsync<KubeException>(() => KubeRunner.ForgetAsync(bed.Socket, TestContext.Current.CancellationToken));
        Assert.Contains("Another program speaks as \"kubernetes\"", refused.Message, StringComparison.Ordinal);
        // The other one ends in time.
        var forgetting = KubeRunner.ForgetAsync(bed.Socket, TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.False(forgetting.IsCompleted);
        await bed.StopKubeAsync();
        await forgetting;
        await bed.HasAsync("", "");
        Assert.Null(bed.Source);
        await bed.StopAgentAsync();
        var nobody = await Assert.ThrowsAsync<KubeException>(() => KubeRunner.ForgetAsync(bed.Socket, TestContext.Current.CancellationToken));
        Assert.Contains("the agent does not answer", nobody.Message, StringComparison.Ordinal);
        await bed.StartAgentAsync();
    }
}
