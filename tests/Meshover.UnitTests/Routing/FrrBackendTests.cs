using System.Collections.Immutable;
using System.Text.Json;
using Meshover.Routing.Backends;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;

namespace Meshover.UnitTests.Routing;

/// <summary>Where FRR runs: names of images, command lines, and what is remembered.</summary>
public sealed class FrrBackendTests
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("meshover-frr", "meshover-frr", null)]
    [InlineData("registry.example:5000/net/frr:10.3", "registry.example:5000/net/frr:10.3", null)]
    [InlineData($"frr:10.3@{Digest}", "frr:10.3", Digest)]
    public void Image_IsRead(string text, string name, string? digest)
    {
        Assert.True(FrrImageName.TryParse(text, out var image));
        Assert.Equal(new FrrImageName(name, digest), image);
        Assert.Equal(text, $"{image}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("--privileged")]
    [InlineData("frr 10")]
    [InlineData("frr@sha256:12")]
    [InlineData("frr@md5:0123456789abcdef0123456789abcdef")]
    [InlineData("frr\n")]
    public void Image_OfAnotherForm_IsRefused(string text) => Assert.False(FrrImageName.TryParse(text, out _));

    [Fact]
    public void Digest_IsMetByTheImagesOwnOrByOneThatItWasPulledBy()
    {
        var image = new FrrImageName("frr", Digest);
        Assert.True(image.IsMet(Digest, []));
        Assert.True(image.IsMet("sha256:ab", ["docker.io/library/frr@sha256:cd", $"registry.example/frr@{Digest}"]));
        Assert.False(image.IsMet("sha256:ab", ["docker.io/library/frr@sha256:cd"]));
        Assert.True((image with { Digest = null }).IsMet("sha256:ab", []));
    }

    [Fact]
    public void Backend_OfConfiguration_IsRemembered_AndOneOfAFormerReleaseIsThisMachine()
    {
        var config = FrrConfig.Empty with { Backend = FrrBackendConfig.Of(FrrBackendKind.Podman, image: null, socket: null) };
        Assert.Equal(new FrrBackendConfig(FrrBackendKind.Podman, "meshover-frr", "/run/podman/podman.sock"), config.Backend);
        Assert.Equal(config, Again(config));
        Assert.NotEqual(config, FrrConfig.Empty);
        var former = JsonSerializer.Deserialize("""{"zebra":"","bgpd":"","bfdd":"","bgpPort":12914}""", RoutingJson.Default.FrrConfig)!;
        Assert.Equal(FrrBackendConfig.Process, former.Backend);
        Assert.Equal(former, Again(former with { Backend = FrrBackendConfig.Process }));
    }

    [Fact]
    public void Apply_OfAnotherPlace_StartsFrrAnew()
    {
        var applied = FrrConfig.Empty;
        var wanted = applied with { Backend = FrrBackendConfig.Of(FrrBackendKind.Docker, image: null, socket: null) };
        Assert.Equal(ApplyStep.Anew, ApplyDecision.For(wanted, new FrrSituation(Runs: true, applied, IsChanging: false, Refusal: null)));
    }

    [Fact]
    public void Nerdctl_RunsAContainerByThisCommand()
    {
        var spec = new ContainerSpec
        {
            Name = "meshover-frr-1",
            Image = new ContainerImage("frr:10.3", Digest, []),
            Command = ["sleep", "infinity"],
            Labels = ImmutableDictionary<string, string>.Empty.Add("meshover.frr", "/run/meshover/frr").Add("meshover.image", Digest),
            Network = "host",
            Capabilities = ["NET_ADMIN", "SYS_ADMIN"],
            Binds = [("/run/meshover/frr", "/run/meshover/frr"), ("/run/meshover/frr/run-frr", "/run/frr")],
            Temporary = ["/tmp"],
            Limit = 4096,
        };
        Assert.Equal(
            $"run --detach --name meshover-frr-1 --label meshover.frr=/run/meshover/frr --label meshover.image={Digest} --pull never --restart no --network host --user 0 --read-only --stop-signal SIGKILL "
            + "--cap-add NET_ADMIN --cap-add SYS_ADMIN --volume /run/meshover/frr:/run/meshover/frr --volume /run/meshover/frr/run-frr:/run/frr --tmpfs /tmp:mode=1777 "
            + "--ulimit nofile=4096:4096 --ulimit nproc=4096:4096 --entrypoint sleep frr:10.3 infinity",
            string.Join(' ', Nerdctl.RunArguments(spec)));
    }

    private static FrrConfig Again(FrrConfig config) => JsonSerializer.Deserialize(JsonSerializer.Serialize(config, RoutingJson.Default.FrrConfig), RoutingJson.Default.FrrConfig)!;
}
