using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;
using Meshover.Mesh.Planning;
using Xunit;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class SysctlMemoryTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("meshover-test-");
    private readonly FakeSysctls _sysctls = new();
    private readonly SysctlMemory _memory;

    public SysctlMemoryTests() => _memory = new SysctlMemory(Path.Combine(_directory.FullName, "sysctls.json"), _sysctls);

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Restore_AfterARestart_PutsTheFirstValueBack()
    {
        _sysctls["net.ipv4.conf.eth0.rp_filter"] = "1";
        _memory.Change("net.ipv4.conf.eth0.rp_filter", "2", []);
        _memory.Change("net.ipv4.conf.eth0.rp_filter", "2", []);

        Assert.Equal(["sysctl net.ipv4.conf.eth0.rp_filter = 1"], new SysctlMemory(File, _sysctls).Restore([]));
        Assert.Equal("1", _sysctls["net.ipv4.conf.eth0.rp_filter"]);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void Restore_ChangedByUsTwice_PutsTheFirstValueBack()
    {
        _sysctls["net.ipv6.neigh.default.gc_thresh3"] = "1024";
        _memory.Change("net.ipv6.neigh.default.gc_thresh3", "2048", []);
        _memory.Change("net.ipv6.neigh.default.gc_thresh3", "4096", []);

        _memory.Restore([]);
        Assert.Equal("1024", _sysctls["net.ipv6.neigh.default.gc_thresh3"]);
    }

    [Fact]
    public void Restore_ChangedBySomebodyElseSince_IsTheirs()
    {
        _sysctls["net.ipv4.conf.eth0.rp_filter"] = "1";
        _memory.Change("net.ipv4.conf.eth0.rp_filter", "2", []);
        _sysctls["net.ipv4.conf.eth0.rp_filter"] = "0";

        Assert.Empty(_memory.Restore([]));
        Assert.Equal("0", _sysctls["net.ipv4.conf.eth0.rp_filter"]);
    }

    [Fact]
    public void Restore_Forwarding_KeepsTheInterfaceThatForwardedBefore()
    {
        _sysctls["net.ipv4.conf.all.forwarding"] = "0";
        _sysctls["net.ipv4.conf.all.accept_redirects"] = "0";
        _sysctls["net.ipv4.conf.docker0.forwarding"] = "1";
        _sysctls["net.ipv4.conf.eth0.forwarding"] = "0";
        _sysctls["net.ipv4.conf.default.forwarding"] = "0";
        _memory.Change("net.ipv4.conf.all.forwarding", "1", ["docker0", "eth0"]);
        Assert.Equal("1", _sysctls["net.ipv4.conf.eth0.forwarding"]);

        _memory.Restore([]);
        Assert.Equal("0", _sysctls["net.ipv4.conf.all.forwarding"]);
        Assert.Equal("0", _sysctls["net.ipv4.conf.all.accept_redirects"]);
        Assert.Equal("1", _sysctls["net.ipv4.conf.docker0.forwarding"]);
        Assert.Equal("0", _sysctls["net.ipv4.conf.eth0.forwarding"]);
    }

    [Fact]
    public void Restore_WriteRefused_IsKeptForTheNextTime()
    {
        _sysctls["net.ipv4.conf.eth0.rp_filter"] = "1";
        _memory.Change("net.ipv4.conf.eth0.rp_filter", "2", []);
        _sysctls.IsReadOnly = true;
        var errors = new List<string>();
        Assert.Empty(_memory.Restore(errors));
        Assert.Single(errors);

        _sysctls.IsReadOnly = false;
        Assert.Equal(["sysctl net.ipv4.conf.eth0.rp_filter = 1"], _memory.Restore([]));
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void Restore_InterfaceGoneMeanwhile_IsNoError()
    {
        _sysctls["net.ipv4.conf.eth0.rp_filter"] = "1";
        _memory.Change("net.ipv4.conf.eth0.rp_filter", "2", []);
        _sysctls.Remove("net.ipv4.conf.eth0.rp_filter");
        var errors = new List<string>();
        Assert.Empty(_memory.Restore(errors));
        Assert.Empty(errors);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[null")]
    [InlineData("""{"entries":[]}""")]
    [InlineData("""{"life":"","entries":[{"key":"a"}]}""")]
    public void Change_FileDamaged_ChangesAllTheSameAndSetsItAside(string content)
    {
        System.IO.File.WriteAllText(File, content);
        _sysctls["net.ipv4.conf.eth0.rp_filter"] = "1";
        _memory.Change("net.ipv4.conf.eth0.rp_filter", "2", []);

        Assert.Equal("2", _sysctls["net.ipv4.conf.eth0.rp_filter"]);
        Assert.Contains("damaged", _memory.TakeDamage(), StringComparison.Ordinal);
        Assert.Null(_memory.TakeDamage());
        Assert.Equal(content, System.IO.File.ReadAllText($"{File}.damaged"));
        Assert.Equal(["sysctl net.ipv4.conf.eth0.rp_filter = 1"], _memory.Restore([]));
    }

    [Fact]
    public void Change_FileDamagedSinceItWasRead_LosesNothing()
    {
        _sysctls["net.ipv4.conf.eth0.rp_filter"] = "1";
        _memory.Change("net.ipv4.conf.eth0.rp_filter", "2", []);
        System.IO.File.WriteAllText(File, "");
        Assert.True(_memory.IsOurs("net.ipv4.conf.eth0.rp_filter"));
        Assert.Equal(["sysctl net.ipv4.conf.eth0.rp_filter = 1"], new SysctlMemory(File, _sysctls).Restore([]));
    }

    [Fact]
    public void Restore_FileDamaged_IsNoError()
    {
        System.IO.File.WriteAllText(File, "{");
        var errors = new List<string>();
        Assert.Empty(_memory.Restore(errors));
        Assert.Empty(errors);
        Assert.Contains("damaged", _memory.TakeDamage(), StringComparison.Ordinal);
    }

    [Fact]
    public void Change_DiskRefuses_ChangesAllTheSameAndWritesItDownLater()
    {
        _sysctls["net.ipv4.conf.eth0.rp_filter"] = "1";
        _directory.Delete();
        System.IO.File.WriteAllText(_directory.FullName, "in the way");
        _memory.Change("net.ipv4.conf.eth0.rp_filter", "2", []);
        _memory.Retry();
        Assert.Equal("2", _sysctls["net.ipv4.conf.eth0.rp_filter"]);
        Assert.Contains("cannot be saved", _memory.Problem, StringComparison.Ordinal);

        System.IO.File.Delete(_directory.FullName);
        _directory.Create();
        _memory.Retry();
        Assert.Null(_memory.Problem);
        Assert.Equal(["sysctl net.ipv4.conf.eth0.rp_filter = 1"], new SysctlMemory(File, _sysctls).Restore([]));
    }

    [Fact]
    public void Restore_OfAnotherBoot_IsForgotten()
    {
        _sysctls["net.ipv4.conf.all.forwarding"] = "0";
        new SysctlMemory(File, _sysctls, "first").Change("net.ipv4.conf.all.forwarding", "1", []);
        var now = new SysctlMemory(File, _sysctls, "second");

        Assert.False(now.IsOurs("net.ipv4.conf.all.forwarding"));
        Assert.Empty(now.Restore([]));
        Assert.Equal("1", _sysctls["net.ipv4.conf.all.forwarding"]);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void Restore_WrittenByAFormerRelease_IsRead()
    {
        System.IO.File.WriteAllText(File, """[{"key":"net.ipv4.conf.eth0.rp_filter","before":"1","set":"2"}]""");
        _sysctls["net.ipv4.conf.eth0.rp_filter"] = "2";
        Assert.Equal(["sysctl net.ipv4.conf.eth0.rp_filter = 1"], _memory.Restore([]));
    }

    [Fact]
    public void Restore_ForwarderThatCameLater_KeepsForwarding()
    {
        _sysctls["net.ipv4.conf.all.forwarding"] = "0";
        _sysctls["net.ipv4.conf.eth0.rp_filter"] = "1";
        _memory.Change("net.ipv4.conf.all.forwarding", "1", [], ["br-lan"]);
        _memory.Change("net.ipv4.conf.eth0.rp_filter", "2", []);
        LinkInfo[] links = [Bridge(3, "br-lan"), Bridge(4, "docker0")];
        AddressInfo[] addresses = [KernelScene.Address(3, "10.0.0.1", 24), KernelScene.Address(4, "172.17.0.1", 16)];

        Assert.Null(ForwardingClaims.Of(_memory.Entries, links[..1], addresses, KernelNames.Default).By4);
        var claims = ForwardingClaims.Of(_memory.Entries, links, addresses, KernelNames.Default);
        Assert.Equal("docker0", claims.By4);
        Assert.Null(claims.By6);
        Assert.Equal(["sysctl net.ipv4.conf.eth0.rp_filter = 1"], _memory.Restore([], isTheirs: claims.Covers));
        Assert.Equal("1", _sysctls["net.ipv4.conf.all.forwarding"]);
        Assert.False(System.IO.File.Exists(File));

        static LinkInfo Bridge(int index, string name) => KernelScene.Link(index, name) with { Kind = "bridge" };
    }

    [Fact]
    public void Change_WriteRefused_IsRememberedWithNoHarm()
    {
        _sysctls["net.ipv4.conf.eth0.rp_filter"] = "1";
        _sysctls.IsReadOnly = true;
        Assert.Throws<SysctlException>(() => _memory.Change("net.ipv4.conf.eth0.rp_filter", "2", []));
        Assert.Empty(_memory.Restore([]));
    }

    [Fact]
    public void KeepDuring_ChangedByTheWay_IsAsBeforeAndNothingIsRemembered()
    {
        _sysctls[Redirects] = "1";
        _memory.KeepDuring(Redirects, "0", () => _sysctls[Redirects] = "0");

        Assert.Equal("1", _sysctls[Redirects]);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void KeepDuring_KilledBeforeItIsPutBack_IsPutBackByRestore()
    {
        _sysctls[Redirects] = "1";
        Assert.Throws<NotFiniteNumberException>(() => _memory.KeepDuring(Redirects, "0", () =>
        {
            _sysctls[Redirects] = "0";
            throw new NotFiniteNumberException();
        }));

        Assert.Equal([$"sysctl {Redirects} = 1"], new SysctlMemory(File, _sysctls).Restore([]));
    }

    [Fact]
    public void KeepDuring_OfOne_RemembersTheOthers()
    {
        _sysctls["net.ipv4.conf.eth0.rp_filter"] = "1";
        _memory.Change("net.ipv4.conf.eth0.rp_filter", "2", []);
        _sysctls[Redirects] = "1";
        _memory.KeepDuring(Redirects, "0", () => _sysctls[Redirects] = "0");

        Assert.Equal(["sysctl net.ipv4.conf.eth0.rp_filter = 1"], _memory.Restore([]));
    }

    [Fact]
    public void KeepDuring_NothingCanBeWritten_IsDoneAllTheSame()
    {
        _sysctls[Redirects] = "1";
        _directory.Delete();
        System.IO.File.WriteAllText(_directory.FullName, "in the way");
        _memory.KeepDuring(Redirects, "0", () => _sysctls[Redirects] = "0");
        System.IO.File.Delete(_directory.FullName);
        _directory.Create();

        Assert.Equal("1", _sysctls[Redirects]);
    }

    private const string Redirects = "net.ipv4.conf.all.send_redirects";

    private string File => Path.Combine(_directory.FullName, "sysctls.json");

    /// <summary>With the kernel's way of forwarding: "all" is written into every interface, and turns accept_redirects over.</summary>
    private sealed class FakeSysctls : Dictionary<string, string>, ISysctls
    {
        internal bool IsReadOnly { get; set; }

        public string? TryRead(string key) => this.GetValueOrDefault(key);

        public void Write(string key, string value)
        {
            if (IsReadOnly)
                throw new SysctlException("write", key, "read-only");
            this[key] = value;
            if (key != "net.ipv4.conf.all.forwarding")
                return;
            this["net.ipv4.conf.all.accept_redirects"] = value == "1" ? "0" : "1";
            foreach (var other in Keys.Where(other => other.EndsWith(".forwarding", StringComparison.Ordinal)).ToList())
                this[other] = value;
        }
    }
}
