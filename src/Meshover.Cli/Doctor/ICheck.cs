namespace Meshover.Cli.Doctor;

/// <summary>One question about the machine. Pure: facts in, findings out.</summary>
internal interface ICheck
{
    /// <summary>Short and lasting: programs select findings by it.</summary>
    string Name { get; }

    IEnumerable<Finding> Look(MachineFacts facts);
}
