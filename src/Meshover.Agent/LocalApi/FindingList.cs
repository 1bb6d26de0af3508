using Meshover.Contract.V1;
using Finding = Meshover.Mesh.Findings.Finding;
using WireFinding = Meshover.Contract.V1.Finding;

namespace Meshover.Agent.LocalApi;

/// <summary>Findings for a status: of a kind at most so many as somebody reads, and how many there are.</summary>
internal static class FindingList
{
    private const int MostOfAKind = 32;

    public static IEnumerable<WireFinding> Of(IEnumerable<Finding> findings)
    {
        foreach (var kind in findings.GroupBy(finding => finding.Kind))
        {
            var left = kind.Count() - MostOfAKind;
            foreach (var finding in kind.Take(MostOfAKind))
                yield return new WireFinding { Code = kind.Key.Code, Severity = kind.Key.SeverityWord, Subject = finding.Subject, Text = finding.Text, Advice = kind.Key.Advice };
            if (left > 0)
                yield return new WireFinding { Code = kind.Key.Code, Severity = kind.Key.SeverityWord, Text = $"And {left} more.", Advice = kind.Key.Advice, More = (uint)left };
        }
    }
}
