using System.Text.RegularExpressions;

namespace Meshover.UnitTests.Architecture;

/// <summary>
/// What code, tests and scripts start is installed by `dev`, and not by whoever used the machine before: each program of this machine whose
/// name they say belongs to a package of `dev`'s lists, or comes with one.
/// </summary>
public sealed partial class ProgramsTests
{
    /// <summary>Names of programs that are said as words of another meaning.</summary>
    private static readonly string[] MereWords = ["arp", "bc", "curl", "docker", "dotnet", "file", "host", "look", "make", "node", "open", "openssl", "patch", "podman", "red", "route", "time", "wish", "write"];

    [Fact]
    public void Programs_ThatAreStarted_AreInThePackagesOfDev()
    {
        Assert.SkipUnless(DebianPackages.IsHere, "this is not a Debian: nobody knows whose a program is");
        var debian = DebianPackages.Read();
        var installed = debian.With([.. debian.Essential, .. Lists()]);

        var strangers = Said().Except(MereWords).Select(program => (Program: program, Package: debian.OwnerOf(program)))
            .Where(each => each.Package is not null && !installed.Contains(each.Package)).ToList();

        Assert.True(strangers.Count == 0, "a machine that has only what ./dev installs lacks "
            + string.Join(", ", strangers.Select(each => $"{each.Program} (package {each.Package})")) + ": put the package into a list of dev's, or the word into MereWords.");
    }

    // What is looked for is found at all.
    [Fact]
    public void Said_OfTheSources_HasProgramsOfAllKinds() =>
        Assert.Superset(new HashSet<string> { "ip", "nft", "wg", "tcpdump", "radvd", "modprobe", "qemu-system-x86_64", "apt-get" }, Said());

    private static IEnumerable<string> Lists() =>
        Packages().Matches(File.ReadAllText(Path.Combine(Repository.Root, "dev"))).SelectMany(list => list.Groups["names"].Value.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));

    private static HashSet<string> Said()
    {
        string[] rooms = ["src", "lab", "tests", "bench"];
        string[] scripts = ["dev", ".ci/run", "lab/vm/boot", "lab/vm/stage2"];
        return [.. rooms.SelectMany(Repository.Sources).SelectMany(path => InCode().Matches(Repository.Read(path))).Select(word => word.Groups["name"].Value),
            .. scripts.SelectMany(path => InScript().Matches(Comment().Replace(Repository.Read(path), ""))).Select(word => word.Groups["name"].Value)];
    }

    [GeneratedRegex(@"^\w+_packages=\((?<names>[^)]*)\)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Packages();

    // The first word of a literal, with or without its directory.
    [GeneratedRegex("\"(?:(?:/usr)?/s?bin/|/usr/lib/frr/)?(?<name>[a-z][a-z0-9_.+-]*)(?=[ \"])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex InCode();

    // Where a command may stand.
    [GeneratedRegex(@"(?:^|[|;&(!]|\b(?:then|do|else|if|exec|as_root|command -v|for program in))[ \t]*(?<name>[a-z][a-z0-9_.+-]*)(?=[ \n;)]|$)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex InScript();

    [GeneratedRegex(@"^\s*#.*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Comment();
}
