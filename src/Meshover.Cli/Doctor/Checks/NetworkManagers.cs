using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>NetworkManager or systemd-networkd runs and was not told that our interfaces are not its own.</summary>
internal sealed class NetworkManagers : ICheck
{
    public string Name => "network-manager";

    public IEnumerable<Finding> Look(MachineFacts facts) => facts.SnippetsMissing.Select(snippet => new Finding
    {
        Kind = FindingKinds.NetworkManager,
        Severity = Severity.Warning,
        Problem = $"{snippet.Manager} runs here, and {snippet.Path} is missing.",
        Breaks = $"Without that file, {snippet.Harm}.",
        Mend = $"Install {snippet.Path} (deploy/{snippet.Manager}/{Path.GetFileName(snippet.Path)}){WhatThen(snippet)}.",
        Fix = new SnippetFix(snippet),
    });

    private static string WhatThen(Snippet snippet)
    {
        if (snippet.Reload.IsEmpty)
            return "; it takes effect at the manager's next start";
        var release = snippet.Release is null
            ? ""
            : $", and for each of our interfaces that already exists `{string.Join(' ', snippet.Release("NAME"))}`";
        return $", then `{string.Join(' ', snippet.Reload)}`{release}";
    }
}
