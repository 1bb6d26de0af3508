using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using k8s;
using k8s.Models;
using Meshover.Agent.Configuration;
using Meshover.Cli.Up;
using Meshover.UnitTests.Architecture;

namespace Meshover.UnitTests.Kube.Manifests;

/// <summary>deploy/kubernetes: every field is one of the API's, what belongs together has the same name, and the guide's kustomization is one.</summary>
public sealed partial class ManifestTests
{
    private const string Folder = "deploy/kubernetes";

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, Folder), "*.yaml", SearchOption.AllDirectories)
        .Where(file => Path.GetFileName(file) != "kustomization.yaml").Select(file => Path.GetRelativePath(Repository.Root, file))];

    [Theory]
    [MemberData(nameof(Files))]
    public void Fields_AreOfTheApi(string file) => Assert.NotEmpty(Manifest.OfFile(file));

    /// <summary>What these tests show would be worth nothing otherwise.</summary>
    [Theory]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndatas: {}\n")]
    [InlineData("apiVersion: apps/v1\nkind: DaemonSet\nmetadata: { name: a }\nspec: { template: { spec: { hostnetwork: true } } }\n")]
    [InlineData("apiVersion: apps/v1\nkind: DaemonSet\nmetadata: { name: a }\nspec: { template: { spec: { hostNetwork: perhaps } } }\n")]
    public void Fields_ThatAreNotOfTheApi_AreRefused(string yaml) => Assert.Throws<JsonException>(() => Manifest.Parse(yaml));

    [Fact]
    public void Pods_AreSelectedByTheirLabels_AndMountWhatThereIs()
    {
        var (node, controller) = (Node, Controller);
        Assert.Equal(node.Spec.Selector.MatchLabels, node.Spec.Template.Metadata.Labels);
        Assert.Equal(controller.Spec.Selector.MatchLabels, controller.Spec.Template.Metadata.Labels);
        var service = Assert.Single(All.OfType<V1Service>());
        Assert.Equal(controller.Spec.Selector.MatchLabels, service.Spec.Selector);
        Assert.Equal(service.Metadata.Name, controller.Spec.ServiceName);
        AssertMounts(node.Spec.Template.Spec, []);
        AssertMounts(controller.Spec.Template.Spec, controller.Spec.VolumeClaimTemplates.Select(claim => claim.Metadata.Name));
        Assert.All(All.Where(one => one is not V1Namespace), one => Assert.Equal("meshover", one.Metadata.NamespaceProperty));
    }

    [Fact]
    public void Node_HasTheMachinesNetworkAndDirectories_AndTheRightsThatItNeeds()
    {
        var pod = Node.Spec.Template.Spec;
        var container = Assert.Single(pod.Containers);
        Assert.True(pod.HostNetwork);
        foreach (var directory in (string[])["/var/lib/meshover", "/run/meshover"])
            Assert.Equal(directory, pod.Volumes.Single(volume => volume.Name == container.VolumeMounts.Single(mount => mount.MountPath == directory).Name).HostPath.Path);
        Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
        Assert.Null(container.SecurityContext.Privileged);
        Assert.Subset(container.SecurityContext.Capabilities.Add.ToHashSet(), Preflight.RightsWithFrr.Select(right => right.Name).ToHashSet());
        Assert.Equal(container.SecurityContext.Capabilities.Add, Rights().Matches(Repository.Read("docs/guides/containers.md")).Select(match => match.Groups["right"].Value).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Controller_HasNoRights_AndTheImagesUser()
    {
        var pod = Controller.Spec.Template.Spec;
        Assert.True(pod.SecurityContext.RunAsNonRoot);
        Assert.Contains($"controller={pod.SecurityContext.RunAsUser}\n", Repository.Read("deploy/image/build"), StringComparison.Ordinal);
        Assert.All(pod.Containers.Concat(pod.InitContainers), container =>
        {
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Null(container.SecurityContext.Capabilities.Add);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
        });
    }

    /// <summary>By kubectl's own kustomize: the base as it is, and the guide's, which changes what must be a user's own.</summary>
    [Fact]
    public async Task Kustomizations_AreBuilt_AndTheGuidesChangesArrive()
    {
        Assert.SkipUnless(KubectlTests.Find() is not null, "there is no kubectl; ./dev test fetches it (package kubernetes-client)");
        var whole = Manifest.Parse(await KustomizeAsync(Path.Combine(Repository.Root, Folder, "base")));
        Assert.Equal(All.Select(one => $"{one.Kind} {one.Metadata.Name}").Order(StringComparer.Ordinal), whole.Select(one => $"{one.Kind} {one.Metadata.Name}").Order(StringComparer.Ordinal));

        var own = Directory.CreateTempSubdirectory("meshover-kustomize-");
        try
        {
            foreach (var (name, text) in GuideFiles())
                await File.WriteAllTextAsync(Path.Combine(own.FullName, name), AsOldOnesWantIt(text), TestContext.Current.CancellationToken);
            Directory.CreateSymbolicLink(Path.Combine(own.FullName, "base"), Path.Combine(Repository.Root, Folder, "base"));
            var made = Manifest.Parse(await KustomizeAsync(own.FullName));
            Assert.All(made.OfType<V1DaemonSet>().SelectMany(set => set.Spec.Template.Spec.Containers), container => Assert.Equal("registry.example.net/meshover:0.1.0", container.Image));
            Assert.Equal("mesh.example.net:12913", Assert.Single(made.OfType<V1ConfigMap>(), map => map.Metadata.Name == "meshover-controller").Data["address"]);
            Assert.Equal("LoadBalancer", Assert.Single(made.OfType<V1Service>()).Spec.Type);
            var settings = made.OfType<V1ConfigMap>().Single(map => map.Metadata.Name.StartsWith("meshover-agent", StringComparison.Ordinal));
            Assert.NotEmpty(AgentConfigBuilder.Build(AgentConfigFile.ParseSettings(settings.Data["agent.yaml"], "agent.yaml").Values).Masquerade);
            Assert.Equal(settings.Metadata.Name, made.OfType<V1DaemonSet>().Single().Spec.Template.Spec.Volumes.Single(volume => volume.ConfigMap is not null).ConfigMap.Name);
            Assert.Equal(["node", "pods"], made.OfType<V1DaemonSet>().Single().Spec.Template.Spec.Containers.Select(container => container.Name).Order(StringComparer.Ordinal));
        }
        finally
        {
            own.Delete(recursive: true);
        }
    }

    private static ImmutableArray<IKubernetesObject<V1ObjectMeta>> All =>
        [.. Files.Select(row => row.Data).Where(file => file.StartsWith($"{Folder}/base/", StringComparison.Ordinal)).SelectMany(file => Manifest.OfFile(file))];

    private static V1DaemonSet Node => All.OfType<V1DaemonSet>().Single();

    private static V1StatefulSet Controller => All.OfType<V1StatefulSet>().Single();

    private static void AssertMounts(V1PodSpec pod, IEnumerable<string> claims)
    {
        var volumes = (pod.Volumes ?? []).Select(volume => volume.Name).Concat(claims).ToHashSet();
        var mounts = pod.Containers.Concat(pod.InitContainers ?? []).SelectMany(container => container.VolumeMounts).Select(mount => mount.Name).ToHashSet();
        Assert.Equal(volumes.Order(StringComparer.Ordinal), mounts.Order(StringComparer.Ordinal));
    }

    // Debian 12's kubectl has kustomize 2.0, which knows directories by another word.
    private static string AsOldOnesWantIt(string text) => text.Replace("resources:\n- base\n", "bases:\n- base\nresources:\n", StringComparison.Ordinal);

    /// <summary>The guide's blocks of YAML whose first line names a file.</summary>
    private static IEnumerable<(string Name, string Text)> GuideFiles() =>
        NamedBlock().Matches(Repository.Read("docs/guides/kubernetes.md")).Select(block => (block.Groups["name"].Value, block.Groups["text"].Value));

    private static async Task<string> KustomizeAsync(string directory)
    {
        using var kubectl = Process.Start(new ProcessStartInfo(KubectlTests.Find()!, ["kustomize", directory]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (kubectl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), kubectl.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await kubectl.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(kubectl.ExitCode == 0, await error);
        return await output;
    }

    [GeneratedRegex("--cap-add (?<right>[A-Z_]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Rights();

    [GeneratedRegex("```yaml\n# (?<name>[a-z-]+\\.yaml)\n(?<text>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamedBlock();
}
