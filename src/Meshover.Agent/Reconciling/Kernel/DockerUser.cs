using System.Collections.Immutable;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// The one exception from "never another's chains", and only where the operator said so: Docker sets the policy of FORWARD to DROP and
/// leaves the chain <c>DOCKER-USER</c> to the user. Two rules there, tagged with a comment, let pass what comes from a link or goes to one.
/// A file in the state directory remembers that they were made, so that nothing of iptables is run on machines where they were not.
/// </summary>
public sealed class DockerUser
{
    public const string Chain = "DOCKER-USER";
    private const string Tag = "meshover";

    private readonly string _mark;
    private readonly string? _namespacePath;
    private readonly NftGeneration? _generation;
    private uint? _seen;
    private bool _isKept;

    public DockerUser(string stateDirectory, string? namespacePath = null)
        : this(stateDirectory, namespacePath, generation: null) { }

    /// <param name="stateDirectory">Keeps the mark.</param>
    /// <param name="namespacePath">Such as <c>/run/netns/NAME</c>; null for the process's own.</param>
    /// <param name="generation">While it stands still, the rules stand.</param>
    internal DockerUser(string stateDirectory, string? namespacePath, NftGeneration? generation) =>
        (_mark, _namespacePath, _generation) = (Path.Combine(stateDirectory, "docker-user"), namespacePath, generation);

    /// <summary>Our rules, as <c>iptables -S</c> prints them behind <c>-A DOCKER-USER</c>.</summary>
    private static ImmutableArray<string> Rules { get; } = [Rule("-i"), Rule("-o")];

    /// <summary>Whether a listing of the filter table, or of the chain, has them both.</summary>
    public static bool Stand(ImmutableArray<string> listing) => Rules.All(rule => listing.Contains($"-A {Chain} {rule}"));

    /// <summary>Makes them stand where Docker's chain is; gives the changes.</summary>
    /// <exception cref="IptablesException">It refused.</exception>
    /// <param name="keep">They are kept for as long as <c>docker-user</c> says so, see <see cref="ForsakeAsync"/>.</param>
    public async Task<ImmutableArray<string>> EnsureAsync(CancellationToken cancellationToken, bool keep = false)
    {
        _isKept = keep;
        if (_seen is not null && _seen == ReadGeneration())
            return [];
        var changes = ImmutableArray.CreateBuilder<string>();
        var isThere = false;
        foreach (var iptables in Programs())
        {
            var listing = await iptables.ListAsync(Chain, cancellationToken).ConfigureAwait(false);
            isThere |= !listing.IsEmpty;
            foreach (var rule in Rules.Where(rule => !listing.IsEmpty && !listing.Contains($"-A {Chain} {rule}")))
                changes.Add(await ChangeAsync(iptables, "-I", rule, cancellationToken).ConfigureAwait(false));
        }

        // Docker may come later: then the chain is looked for again.
        _seen = isThere ? ReadGeneration() : null;
        return changes.ToImmutable();
    }

    /// <summary>Takes them out where they were kept by the setting and it says so no more; what was put in once, by hand, stays.</summary>
    /// <exception cref="IptablesException">It refused.</exception>
    public async Task<ImmutableArray<string>> ForsakeAsync(CancellationToken cancellationToken) =>
        File.Exists(_mark) && new FileInfo(_mark).Length > 0 ? await RemoveAsync(cancellationToken).ConfigureAwait(false) : [];

    /// <summary>Takes them out where they were ever put in; gives the changes.</summary>
    /// <exception cref="IptablesException">It refused.</exception>
    public async Task<ImmutableArray<string>> RemoveAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_mark))
            return [];
        var changes = ImmutableArray.CreateBuilder<string>();
        foreach (var iptables in Programs())
        {
            var listing = await iptables.ListAsync(Chain, cancellationToken).ConfigureAwait(false);
            foreach (var rule in Rules.Where(rule => listing.Contains($"-A {Chain} {rule}")))
                changes.Add(await ChangeAsync(iptables, "-D", rule, cancellationToken).ConfigureAwait(false));
        }

        File.Delete(_mark);
        return changes.ToImmutable();
    }

    private Iptables[] Programs() => [new("iptables", _namespacePath), new("ip6tables", _namespacePath)];

    private async Task<string> ChangeAsync(Iptables iptables, string command, string rule, CancellationToken cancellationToken)
    {
        // One that is taken out leaves the mark: should the next not go, it is tried again.
        if (command != "-D")
            AtomicFile.Write(_mark, _isKept ? "kept"u8 : []);
        await iptables.ChangeAsync([command, Chain, .. rule.Split(' ')], cancellationToken).ConfigureAwait(false);
        return $"{iptables.Program} {command} {Chain} {rule}";
    }

    private static string Rule(string direction) => $"{direction} mo-+ -m comment --comment {Tag} -j ACCEPT";

    private uint? ReadGeneration()
    {
        try
        {
            return _generation?.Read();
        }
        catch (NetlinkException)
        {
            return null;
        }
    }
}
